/** Places of workers: who takes what, how many places there are, and who holds them. */
import { sql, type SQL } from 'drizzle-orm'
import type { FullMachine, Holder, Workers } from '#server/domain/run/why/queue.ts'
import type { FullDisk } from '#server/domain/space.ts'
import { machineOf } from '#server/domain/words.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { defaultQueue } from './worker.ts'

/** Of many holders these are named. */
export const named = 3
/** Seconds without a word after which a worker is not counted on any more. */
const silentSeconds = 60

/** Of a worker `w`: it is heard of. */
const heard = sql`(w.stopped_at is null and w.heartbeat_at > clock_timestamp() - make_interval(secs => ${silentSeconds}))`
const own = sql`(${heard} and w.token_id is null)`

/**
 * Of a worker `w`: it takes what lies in the queue of this key; of null, in none: what is for the product's own machine. That serves
 * the queue `default`, too, unless it runs no tasks; one that looks after a cluster serves the cluster's queue alone.
 */
const takes = (
  key: SQL,
) => sql`(${heard} and case when ${key} is null then w.token_id is null and w.queues ? ${defaultQueue}
  else w.draining_at is null and w.queues ? split_part(${key}, '/', 2) and (w.token_id is null or exists (
    select from worker_token k where k.id = w.token_id and k.revoked_at is null
      and k.team_id::text = split_part(${key}, '/', 1))) end)`

/** Attempts of a worker `w` that are not over. */
const open = sql`a.worker_id = w.id and a.state in ('created', 'submitted', 'running')`
const taken = sql`(select count(*) from attempt a where ${open})`

/** Whether something in the queue of this key waits for its claim alone, as far as places go; also when nobody is there to claim. */
export const hasWorker = (key: SQL): SQL => sql`(
  not exists (select from worker w where ${own})
  or exists (select from worker w where ${takes(key)} and w.full_disk is null and (w.slots = 0 or w.slots > ${taken})))`

export const holderColumns = sql`p.name as repo, d.name as dag, r.number as run, t.task, t.key`
export const holding = sql`task_run t join run r on r.id = t.run_id join dag d on d.id = r.dag_id join repository p on p.id = d.repository_id`

/**
 * Workers that take what lies in a queue (its key; null: the product's own). `places` is 0 when one does not say how many it
 * has. Holders are those of the team `teamId`: of others' nothing is told but how many there are. `fullMachine` is one of them
 * where the disk of each is full.
 */
export async function placesOf(
  q: Queryable,
  key: string | null,
  teamId: string,
): Promise<Workers & { fullMachine: FullMachine | null }> {
  const theirs = takes(sql`${key}::text`)
  const [row] = await rowsOf<{
    alive: number
    places: number
    taken: number
    host: string | null
    disk: FullDisk | null
  }>(
    q,
    sql`
    select count(*)::int as alive, min(w.host) filter (where w.full_disk is not null) as host,
      case when bool_and(w.full_disk is not null) then (array_agg(w.full_disk order by w.host))[1] end as disk,
      case when bool_and(w.slots > 0) then sum(w.slots)::int else 0 end as places,
      coalesce(sum(${taken}), 0)::int as taken
    from worker w where ${theirs}`,
  )
  const { alive = 0, places = 0, taken: held = 0 } = row ?? {}
  const full = places > 0 && held >= places
  const holders = !full
    ? []
    : await rowsOf<Holder>(
        q,
        sql`
    select ${holderColumns} from worker w join attempt a on ${open} join ${holding} on t.id = a.task_run_id
    where ${theirs} and p.team_id = ${teamId} order by a.created_at limit ${named}`,
      )
  const { host = null, disk = null } = row ?? {}
  const fullMachine =
    key === null || host === null || disk === null ? null : { machine: machineOf(host), disk }
  return { alive, places, taken: held, holders: [...holders], fullMachine }
}

/** The product's own workers that are heard of. */
export async function ownWorkers(q: Queryable): Promise<number> {
  const [row] = await rowsOf<{ alive: number }>(
    q,
    sql`select count(*)::int as alive from worker w where ${own}`,
  )
  return row?.alive ?? 0
}
