// The mean of every measure, for each species.
import { appendFileSync, writeFileSync } from 'node:fs'
import { read, write } from './lib/csv.js'

const { DAGBOK_IN_TABLE, DAGBOK_OUT, DAGBOK_METRICS } = process.env
const penguins = read(DAGBOK_IN_TABLE)
const measures = ['beak_length', 'beak_depth', 'flipper_length', 'body_mass']
const means = [...new Set(penguins.map((p) => p.species))].sort().map((species) => {
  const of = penguins.filter((p) => p.species === species)
  return { species, penguins: of.length, ...Object.fromEntries(measures.map((m) => [m, (of.reduce((sum, p) => sum + Number(p[m]), 0) / of.length).toFixed(1)])) }
})
writeFileSync(`${DAGBOK_OUT}/means.csv`, write(means))
writeFileSync(
  `${DAGBOK_OUT}/page.md`,
  `# Penguins\n\n| species | penguins | ${measures.join(' | ').replaceAll('_', ' ')} |\n|---|---:|${'---:|'.repeat(measures.length)}\n${means.map((m) => `| ${Object.values(m).join(' | ')} |`).join('\n')}\n`,
)
appendFileSync(DAGBOK_METRICS, JSON.stringify({ penguins: penguins.length }) + '\n')
for (const m of means) console.log(Object.values(m).join('  '))
