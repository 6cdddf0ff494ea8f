// Multinomial logistic regression, fitted by gradient descent with an L2 penalty of strength alpha.
import { features, species } from './table.js'

export const name = 'logistic regression'

const softmax = (scores) => {
  const top = Math.max(...scores)
  const e = scores.map((s) => Math.exp(s - top))
  const sum = e.reduce((a, b) => a + b, 0)
  return e.map((x) => x / sum)
}

export function fit(rows, { alpha, steps = 400, rate = 0.5 }) {
  const means = features.map((f) => rows.reduce((sum, row) => sum + row[f], 0) / rows.length)
  const spreads = features.map((f, i) => Math.sqrt(rows.reduce((sum, row) => sum + (row[f] - means[i]) ** 2, 0) / rows.length) || 1)
  const input = (row) => [1, ...features.map((f, i) => (row[f] - means[i]) / spreads[i])]
  const x = rows.map(input)
  const y = rows.map((row) => species.indexOf(row.species))
  const w = species.map(() => new Float64Array(features.length + 1))
  for (let step = 0; step < steps; step++) {
    const gradient = w.map((row) => Float64Array.from(row, (v, i) => (i === 0 ? 0 : (alpha * v) / rows.length)))
    for (let n = 0; n < x.length; n++) {
      const p = softmax(w.map((row) => row.reduce((sum, v, i) => sum + v * x[n][i], 0)))
      for (let c = 0; c < w.length; c++) {
        const error = (p[c] - (y[n] === c ? 1 : 0)) / x.length
        for (let i = 0; i < x[n].length; i++) gradient[c][i] += error * x[n][i]
      }
    }
    for (let c = 0; c < w.length; c++) for (let i = 0; i < w[c].length; i++) w[c][i] -= rate * gradient[c][i]
  }
  return { weights: w.map((row) => [...row]), probabilities: (row) => softmax(w.map((v) => v.reduce((sum, wi, i) => sum + wi * input(row)[i], 0))) }
}
