/** What the workers of an image are asked for, and what they hold. */
import { and, eq, inArray, isNull, sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'
import { worker, workerToken } from '../schema/index.ts'

export interface WarmDemand {
  /** The queue, with its team. */
  queueKey: string
  teamId: string
  team: string
  /** Task runs that wait, start or run there. */
  live: number
  /** One of them: its version, and its task. */
  versionId: string
  task: string
}

/** By queue, what lies in those of the images of a cluster. */
export async function warmDemand(q: Queryable, cluster: string): Promise<WarmDemand[]> {
  const rows = await rowsOf<{
    queue: string
    team_id: string
    team: string
    live: number
    version_id: string
    task: string
  }>(
    q,
    // Two halves, each of which has an index of its own.
    sql`
    with live as (
      select id, run_id, task, queue from task_run where state = 'queued' and queue like ${`%/~${cluster}~%`}
      union all
      select id, run_id, task, queue from task_run
      where state in ('starting', 'running') and queue like ${`%/~${cluster}~%`})
    select l.queue, m.id as team_id, m.name as team, count(*)::int as live,
      (array_agg(r.version_id order by l.id))[1] as version_id, (array_agg(l.task order by l.id))[1] as task
    from live l join run r on r.id = l.run_id join team m on m.id::text = split_part(l.queue, '/', 1)
    where r.state = 'running' group by l.queue, m.id, m.name order by l.queue`,
  )
  return rows.map(({ queue, team_id, team, live, version_id, task }) => ({
    queueKey: queue,
    teamId: team_id,
    team,
    live,
    versionId: version_id,
    task,
  }))
}

/** Workers that came with a token and have not said that they go. */
export async function workersOfToken(q: Queryable, tokenId: string): Promise<{ id: string; host: string }[]> {
  return q
    .select({ id: worker.id, host: worker.host })
    .from(worker)
    .where(and(eq(worker.tokenId, tokenId), isNull(worker.stoppedAt)))
}

/** Those of these tokens that are good. */
export async function goodTokens(q: Queryable, ids: readonly string[]): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await q
    .select({ id: workerToken.id })
    .from(workerToken)
    .where(and(inArray(workerToken.id, [...ids]), isNull(workerToken.revokedAt)))
  return new Set(rows.map(({ id }) => id))
}
