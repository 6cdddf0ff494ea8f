/** What the workers of an image are asked for, and what they hold. */
import { and, eq, isNull, like, sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'
import { versionImage, worker, workerToken } from '../schema/index.ts'

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
  const theirs = `%/~${cluster}~%`
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
    with open as (
      select id, run_id, queue from task_run where state = 'queued' and queue like ${theirs}
      union all
      select id, run_id, queue from task_run where state in ('starting', 'running') and queue like ${theirs}),
    live as (
      select o.queue, count(*)::int as live, min(o.id::text) as one
      from open o join run r on r.id = o.run_id where r.state = 'running' group by o.queue)
    select l.queue, l.live, m.id as team_id, m.name as team, r.version_id, t.task
    from live l join task_run t on t.id = l.one::uuid join run r on r.id = t.run_id
    join team m on m.id::text = split_part(l.queue, '/', 1) order by l.queue`,
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

export interface WarmToken {
  id: string
  teamId: string
  /** Without its team. */
  queue: string
  name: string
}

/** Tokens that were made for workers of a cluster, and are good. */
export async function warmTokens(q: Queryable, cluster: string): Promise<WarmToken[]> {
  const rows = await q
    .select({
      id: workerToken.id,
      teamId: workerToken.teamId,
      queue: workerToken.queue,
      name: workerToken.name,
    })
    .from(workerToken)
    .where(and(like(workerToken.queue, `~${cluster}~%`), isNull(workerToken.revokedAt)))
  return rows.flatMap(({ queue, ...row }) => (queue === null ? [] : [{ ...row, queue }]))
}

export interface WarmWorker {
  id: string
  host: string
  /** Attempts that it has. */
  held: number
  /** Whether its disk refuses new work. */
  isFull: boolean
}

/** Workers that came with a token and have not said that they go. */
export async function workersOfToken(q: Queryable, tokenId: string): Promise<WarmWorker[]> {
  return q
    .select({
      id: worker.id,
      host: worker.host,
      held: sql<number>`(select count(*)::int from attempt a where a.worker_id = ${worker.id} and a.state in ('created', 'submitted', 'running'))`,
      isFull: sql<boolean>`${worker.fullDisk} is not null`,
    })
    .from(worker)
    .where(and(eq(worker.tokenId, tokenId), isNull(worker.stoppedAt)))
}

/** All digests that an image of a version was ever pulled as, oldest first. */
export async function digestsOfImage(q: Queryable, versionId: string, image: string): Promise<string[]> {
  const rows = await q
    .select({ digest: versionImage.digest })
    .from(versionImage)
    .where(and(eq(versionImage.versionId, versionId), eq(versionImage.image, image)))
    .orderBy(versionImage.seenAt, versionImage.digest)
  return rows.map(({ digest }) => digest)
}
