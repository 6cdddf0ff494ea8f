// Nearest neighbours: the votes of the closest flowers, weighted by distance and smoothed by alpha.
import { features, species } from './table.js'

export const name = 'nearest neighbours'

export function fit(rows, { alpha, k = 9 }) {
  const probabilities = (row) => {
    const near = rows
      .map((other) => ({ species: other.species, distance: Math.hypot(...features.map((f) => other[f] - row[f])) }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, k)
    const votes = species.map((s) => alpha / 10 + near.reduce((sum, n) => sum + (n.species === s ? 1 / (n.distance + 0.1) : 0), 0))
    const all = votes.reduce((a, b) => a + b, 0)
    return votes.map((v) => v / all)
  }
  return { weights: { k, alpha, flowers: rows.length }, probabilities }
}
