/** Facts for why something is not running: who holds the places that a claim or an admission asks for. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { Others, Waiting } from '#server/domain/run/admission.ts'
import type { PoolUse } from '#server/domain/run/claim.ts'
import type { Holder } from '#server/domain/run/why/queue.ts'
import type { OpenAttempt, OtherRun } from '#server/domain/run/why/task-run.ts'
import type { RunState } from '#server/domain/run/states.ts'
import { machineOf } from '#server/domain/words.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { attempt, member, user, worker } from '../schema/index.ts'
import { failedBefore, recoversLast, takesPlace } from './admission.ts'
import { dateBefore, ofSchedule, type Dated } from './past.ts'
import { holderColumns, holding, named } from './places.ts'

export interface QueuedRun {
  id: string
  dagId: string
  versionId: string
  number: number
  repo: string
  dag: string
  waiting: Waiting
  others: Others
  activeRuns: number[]
  firstWaiting: number | null
  failedRun: number | null
  cancelling: boolean
  /** ms since the epoch. */
  createdAt: number
  dueAt: number | null
}

/** The queued ones of these runs, each with the other runs of its DAG. */
export async function queuedRuns(q: Queryable, runIds: readonly string[]): Promise<QueuedRun[]> {
  if (runIds.length === 0) return []
  const active = takesPlace(
    sql`o`,
    sql`coalesce(v.spec->'limits'->>'strategy', 'parallel')`,
    sql`r.version_id`,
  )
  const rows = await rowsOf<{
    id: string
    dag_id: string
    version_id: string
    number: number
    repo: string
    dag: string
    strategy: Waiting['strategy']
    max: number
    forced: boolean
    active: number
    active_runs: number[] | null
    first_waiting: number | null
    newer: boolean
    failed_run: number | null
    recovers: boolean
    cancelling: boolean
    created: number
    due: number | null
  }>(
    q,
    sql`
    select r.id, r.dag_id, r.version_id, r.number, p.name as repo, d.name as dag, r.forced,
      coalesce(v.spec->'limits'->>'strategy', 'parallel') as strategy,
      (v.spec->'limits'->>'max_active_runs')::int as max,
      r.cancel_requested_at is not null as cancelling,
      (extract(epoch from r.created_at) * 1000)::float8 as created,
      (extract(epoch from r.due_at) * 1000)::float8 as due,
      o.active, o.active_runs, o.first_waiting, coalesce(o.newer, false) as newer,
      ${failedBefore(sql`r.dag_id`, sql`r.number`)} as failed_run,
      ${recoversLast(sql`r.dag_id`, sql`r.number`, sql`r.id`)} as recovers
    from run r join version v on v.id = r.version_id join dag d on d.id = r.dag_id
    join repository p on p.id = d.repository_id
    cross join lateral (
      select count(*) filter (where ${active})::int as active,
        (array_agg(o.number order by o.number) filter (where ${active}))[1:${sql.raw(String(named))}] as active_runs,
        min(o.number) filter (where o.state = 'queued' and o.number < r.number) as first_waiting,
        bool_or(o.state = 'queued' and o.number > r.number) as newer
      from run o where o.dag_id = r.dag_id and o.state in ('queued', 'running') and o.id <> r.id) o
    where r.state = 'queued'
      and r.id::text in (select jsonb_array_elements_text(${JSON.stringify([...runIds])}::jsonb))`,
  )
  return rows.map((row) => ({
    id: row.id,
    dagId: row.dag_id,
    versionId: row.version_id,
    number: row.number,
    repo: row.repo,
    dag: row.dag,
    waiting: { strategy: row.strategy, max: row.max, forced: row.forced },
    others: {
      active: row.active,
      older: row.first_waiting !== null,
      newer: row.newer,
      failedBefore: row.failed_run !== null,
      recovers: row.recovers,
    },
    activeRuns: row.active_runs ?? [],
    firstWaiting: row.first_waiting,
    failedRun: row.failed_run,
    cancelling: row.cancelling,
    createdAt: row.created,
    dueAt: row.due,
  }))
}

/** The oldest queued run of each of these DAGs that has one. */
export async function oldestQueued(q: Queryable, dagIds: readonly string[]): Promise<string[]> {
  if (dagIds.length === 0) return []
  const rows = await rowsOf<{ id: string }>(
    q,
    sql`
    select distinct on (dag_id) id from run
    where state = 'queued'
      and dag_id::text in (select jsonb_array_elements_text(${JSON.stringify([...dagIds])}::jsonb))
    order by dag_id, number`,
  )
  return rows.map(({ id }) => id)
}

export interface PoolFacts extends PoolUse {
  holders: Holder[]
  /** Task runs that hold slots of it. */
  holding: number
}

/** Pools by what task runs call them, as the claim sees them. */
export async function poolFacts(q: Queryable, pools: readonly string[]): Promise<Map<string, PoolFacts>> {
  const found = new Map<string, PoolFacts>()
  for (const pool of new Set(pools)) {
    const [row] = await rowsOf<{ slots: number | null; used: number; holding: number }>(
      q,
      sql`
      select (select slots from pool where team_id::text || '/' || name = ${pool}) as slots,
        coalesce(sum(slots), 0)::int as used, count(*)::int as holding
      from task_run where pool = ${pool} and state in ('starting', 'running')`,
    )
    const holders = await rowsOf<Holder>(
      q,
      sql`
      select ${holderColumns} from ${holding}
      where t.pool = ${pool} and t.state in ('starting', 'running')
      order by t.slots desc, t.queued_at limit ${named}`,
    )
    const { slots = null, used = 0, holding: all = 0 } = row ?? {}
    found.set(pool, { slots, used, holding: all, holders: [...holders] })
  }
  return found
}

/** Task runs that hold a place under a version's `max_active_tasks`; not all of very many. */
export async function activeHolders(q: Queryable, versionId: string): Promise<Holder[]> {
  const rows = await rowsOf<Holder>(
    q,
    sql`
    select ${holderColumns} from ${holding}
    where r.version_id = ${versionId} and r.state = 'running' and t.state in ('starting', 'running')
    order by t.queued_at limit ${named}`,
  )
  return rows
}

/** Task runs of a team that hold a place; not all of very many. */
export async function holdersOfTeam(q: Queryable, teamId: string): Promise<Holder[]> {
  const rows = await rowsOf<Holder>(
    q,
    sql`
    select ${holderColumns} from ${holding}
    where p.team_id = ${teamId} and t.state in ('starting', 'running')
    order by t.queued_at limit ${named}`,
  )
  return rows
}

/** Live attempts of a run, by task run. */
export async function openAttempts(q: Queryable, runId: string): Promise<Map<string, OpenAttempt>> {
  const rows = await q
    .select({
      taskRunId: attempt.taskRunId,
      n: attempt.n,
      state: attempt.state,
      host: worker.host,
      createdAt: attempt.createdAt,
      leaseUntil: attempt.leaseUntil,
      held: sql<string | null>`${attempt.handle}->>'held'`,
      startBy: sql<number | null>`(${attempt.handle}->>'startBy')::float8`,
    })
    .from(attempt)
    .leftJoin(worker, eq(worker.id, attempt.workerId))
    .where(and(eq(attempt.runId, runId), inArray(attempt.state, ['created', 'submitted', 'running'])))
  return new Map(
    rows.map(({ taskRunId, n, state, host, createdAt, leaseUntil, held, startBy }) => [
      taskRunId,
      {
        n,
        state: state as OpenAttempt['state'],
        // Behind a colon it names the folder, which says nothing to people.
        host: host === null ? null : machineOf(host),
        createdAt: createdAt.getTime(),
        leaseUntil: leaseUntil?.getTime() ?? null,
        held,
        startBy,
      },
    ]),
  )
}

type RunFacts = { repo: string; dag: string; number: number; state: RunState }
const otherRun = async (q: Queryable, where: ReturnType<typeof sql>): Promise<OtherRun | null> => {
  const [row] = await rowsOf<RunFacts>(
    q,
    sql`
    select p.name as repo, d.name as dag, r.number, r.state::text as state
    from run r join dag d on d.id = r.dag_id join repository p on p.id = d.repository_id
    where ${where} order by r.number desc limit 1`,
  )
  return row === undefined ? null : { repo: row.repo, dag: row.dag, number: row.number, state: row.state }
}

/** The newest run of the logical date before this one, of its schedule. */
export const runBefore = (q: Queryable, dated: Dated, logicalDate: Date): Promise<OtherRun | null> =>
  otherRun(
    q,
    sql`r.dag_id = ${dated.dagId} and ${ofSchedule(dated.schedule)}
      and r.logical_date = ${dateBefore(dated, logicalDate)}`,
  )

/** The newest run of `REPOSITORY/DAG` with this logical date. */
export function runOfDate(
  q: Queryable,
  wanted: { teamId: string; dag: string; logicalDate: Date },
): Promise<OtherRun | null> {
  const [repo = '', name = ''] = wanted.dag.split('/')
  return otherRun(
    q,
    sql`p.team_id = ${wanted.teamId} and p.name = ${repo} and d.name = ${name}
      and r.logical_date = ${wanted.logicalDate.toISOString()}`,
  )
}

/** Who of a team may answer a task: some names, and how many there are. */
export async function answerers(q: Queryable, teamId: string): Promise<{ names: string[]; all: number }> {
  const rows = await q
    .select({ name: user.name })
    .from(member)
    .innerJoin(user, eq(user.id, member.userId))
    .where(and(eq(member.teamId, teamId), inArray(member.role, ['editor', 'owner'])))
    .orderBy(asc(user.name))
  return { names: rows.slice(0, named).map(({ name }) => name), all: rows.length }
}
