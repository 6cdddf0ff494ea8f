/** DAGs that wait for each other. */

/** A circle through one of `starts`, as the DAGs along it, first and last the same; null if there is none. */
export function findCircle(
  edges: ReadonlyMap<string, readonly string[]>,
  starts: readonly string[],
): string[] | null {
  for (const start of starts) {
    // Breadth first: the shortest one is the easiest to understand.
    const from = new Map<string, string | null>([[start, null]])
    const queue = [start]
    for (let at = queue.shift(); at !== undefined; at = queue.shift())
      for (const next of edges.get(at) ?? []) {
        if (next === start) {
          const path = [start]
          for (let back: string | null = at; back !== null; back = from.get(back) ?? null) path.unshift(back)
          return path
        }
        if (from.has(next)) continue
        from.set(next, at)
        queue.push(next)
      }
  }
  return null
}
