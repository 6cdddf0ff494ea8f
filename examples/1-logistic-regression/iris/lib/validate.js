// Repeated k-fold cross-validation: every flower is predicted by models that have not seen it.
import { random, shuffle } from './random.js'
import { species } from './table.js'

export function validate(rows, fit, { folds, repeats, seed, log }) {
  const next = random(seed)
  const sums = new Map(rows.map((row) => [row.row, species.map(() => 0)]))
  for (let repeat = 1; repeat <= repeats; repeat++) {
    const order = shuffle(rows, next)
    let right = 0
    for (let fold = 0; fold < folds; fold++) {
      const model = fit(order.filter((_, i) => i % folds !== fold))
      for (const row of order.filter((_, i) => i % folds === fold)) {
        const p = model.probabilities(row)
        p.forEach((v, c) => (sums.get(row.row)[c] += v / repeats))
        if (species[p.indexOf(Math.max(...p))] === row.species) right++
      }
    }
    log(`repeat ${String(repeat).padStart(2)} of ${repeats}: accuracy ${(right / rows.length).toFixed(4)}`)
  }
  return rows
    .map((row) => {
      const p = sums.get(row.row)
      const best = p.indexOf(Math.max(...p))
      return { row: row.row, petal_length: row.petal_length, petal_width: row.petal_width, species: row.species, predicted: species[best], confidence: p[best].toFixed(3), of_truth: p[species.indexOf(row.species)].toFixed(4) }
    })
    .sort((a, b) => a.row - b.row)
}

export function score(predictions) {
  const right = predictions.filter((p) => p.species === p.predicted).length
  const loss = predictions.reduce((sum, p) => sum - Math.log(Math.max(Number(p.of_truth), 1e-6)), 0) / predictions.length
  const f1 = species.map((s) => {
    const hit = predictions.filter((p) => p.species === s && p.predicted === s).length
    const said = predictions.filter((p) => p.predicted === s).length
    const are = predictions.filter((p) => p.species === s).length
    return said + are === 0 ? 0 : (2 * hit) / (said + are)
  })
  const round = (v) => Number(v.toFixed(4))
  return { accuracy: round(right / predictions.length), f1: round(f1.reduce((a, b) => a + b, 0) / f1.length), loss: round(loss) }
}
