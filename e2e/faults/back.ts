/** R14: when the database is there again, everyone is back at it within a bound, and nobody has more connections than its pool. */
import type { Site } from './fleet-site.ts'
import { insist, pause } from './until.ts'

/** ms within which everyone asks the database again. */
const mostMs = 30_000
/** Connections of a scheduler: its pool, and the one that it listens on. */
export const mostConnections = 11

/** Schedulers that listen: to listen again is the last thing that they do. */
const listening = ({ db }: Pick<Site, 'db'>) =>
  insist(async () => {
    const [row] = await db.client<{ n: number }[]>`
      select count(*)::int as n from pg_stat_activity where application_name = 'dagbok worker' and query ilike 'listen %'`
    return row?.n ?? 0
  })

/**
 * Resolves once the database answers, and every scheduler has been answered by it and listens again.
 * @returns what is wrong; undefined: all were back in time
 */
export async function untilBack(site: Site, ms = mostMs): Promise<string | undefined> {
  await insist(() => site.db.client`select 1`)
  const since = Date.now()
  for (;;) {
    const silent = site.wires.filter(({ heardAt }) => heardAt <= since).length
    const heard = await listening(site)
    if (silent === 0 && heard >= site.fleet.length) return undefined
    if (Date.now() - since > ms)
      return `${ms} ms after Postgres was back ${silent} schedulers had not asked it, and ${heard} of ${site.fleet.length} listened (R14)`
    await pause(50)
  }
}

/** What is wrong with how many connections they had. */
export const judgeConnections = ({ wires }: Site): string[] =>
  wires.flatMap(({ most }, i) =>
    most > mostConnections ? [`scheduler ${i} had ${most} connections, ${mostConnections} may be (R14)`] : [],
  )
