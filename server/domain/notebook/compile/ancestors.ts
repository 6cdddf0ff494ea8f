/** What is before what, by `needs`: a row of bits per task, so that any number of questions costs O(tasks × edges / 32). */
import { lostNeed, type Draft } from './scope.ts'

export interface Ancestors {
  numbers: ReadonlyMap<string, number>
  /** By task number, bits by task number; null for a task that is on a circle, or has a need that
   * is not known, or is behind such a one. */
  rows: readonly (Uint32Array | null)[]
}

function ancestorsOf(draft: Draft): Ancestors {
  const ids = [...draft.tasks.keys()]
  const numbers = new Map(ids.map((id, number) => [id, number]))
  const needs = ids.map((id) => (draft.tasks.get(id)?.needs ?? []).flatMap((need) => numbers.get(need) ?? []))
  const after: number[][] = ids.map(() => [])
  for (const [number, all] of needs.entries()) for (const need of all) after[need]?.push(number)
  const left = ids.map((id, number) =>
    draft.tasks.get(id)?.needs.includes(lostNeed) === true ? Infinity : (needs[number]?.length ?? 0),
  )
  const rows: (Uint32Array | null)[] = ids.map(() => null)
  const free = [...left.keys()].filter((number) => left[number] === 0)
  for (let number = free.pop(); number !== undefined; number = free.pop()) {
    const row = new Uint32Array(Math.ceil(ids.length / 32))
    for (const need of needs[number] ?? []) {
      rows[need]?.forEach((bits, word) => (row[word] = (row[word] ?? 0) | bits))
      row[need >> 5] = (row[need >> 5] ?? 0) | (1 << (need & 31))
    }
    rows[number] = row
    for (const next of after[number] ?? []) {
      left[next] = (left[next] ?? 0) - 1
      if (left[next] === 0) free.push(next)
    }
  }
  return { numbers, rows }
}

/**
 * Whether `target` is reached from these tasks by `needs`, itself included. On a circle, and where a need is not
 * known, which are faults of their own, everything is.
 */
export function reaches(draft: Draft, from: readonly string[], target: string): boolean {
  if (from.includes(target) || from.includes(lostNeed)) return true
  draft.ancestors ??= ancestorsOf(draft)
  const { numbers, rows } = draft.ancestors
  const bit = numbers.get(target)
  if (bit === undefined) return false
  return from.some((id) => {
    const row = rows[numbers.get(id) ?? -1]
    return row === null || (row !== undefined && ((row[bit >> 5] ?? 0) & (1 << (bit & 31))) !== 0)
  })
}
