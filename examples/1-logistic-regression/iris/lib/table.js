// Reads and writes CSV without quotes: all that the Iris table needs.
import { readFileSync, writeFileSync } from 'node:fs'

export function load(path) {
  const [header, ...lines] = readFileSync(path, 'utf8').trim().split('\n')
  const names = header.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(names.map((name, i) => [name, name === 'species' ? cells[i] : Number(cells[i])]))
  })
}

export function save(path, rows) {
  const names = Object.keys(rows[0])
  writeFileSync(path, [names, ...rows.map((row) => names.map((name) => row[name]))].map((r) => r.join(',')).join('\n') + '\n')
}

export const features = ['sepal_length', 'sepal_width', 'petal_length', 'petal_width']
export const species = ['setosa', 'versicolor', 'virginica']
