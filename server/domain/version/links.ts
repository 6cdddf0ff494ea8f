/** Where the symbolic links of a commit lead. A link may go by way of others, so its text alone does not say. */

/** Links that one path may go by; the same as Linux allows. More is a circle. */
const mostHops = 40

/** @param links targets by the path of the link. @returns whether following `path` leaves the tree, or never ends */
export function leadsOut(path: string, links: ReadonlyMap<string, string>): boolean {
  const done: string[] = []
  const next = path.split('/').toReversed()
  let hops = 0
  for (let part = next.pop(); part !== undefined; part = next.pop()) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (done.pop() === undefined) return true
      continue
    }
    done.push(part)
    const target = links.get(done.join('/'))
    if (target === undefined) continue
    if (++hops > mostHops || /^\/|[\0\\]/.test(target)) return true
    done.pop()
    next.push(...target.split('/').toReversed())
  }
  return done[0] === '.git'
}

/** The links among these that lead out of the tree, or round in a circle. */
export const linksOut = (links: ReadonlyMap<string, string>): string[] =>
  [...links.keys()].filter((path) => links.get(path) === '' || leadsOut(path, links))
