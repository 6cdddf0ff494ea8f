/** What DAGs wait for of each other, and what has happened that they wait for. */
import { and, asc, eq, inArray, notInArray, sql, type SQL } from 'drizzle-orm'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { Cause } from '#server/domain/run/cause.ts'
import { rowsOf, type Queryable } from '../client.ts'
import {
  attempt,
  dag,
  dagSubscription,
  publishedInput,
  repository,
  run,
  taskRun,
  team,
  triggerEvent,
  version,
} from '../schema/index.ts'
import { enqueueChannel } from './live.ts'

export type Subscription = Omit<typeof dagSubscription.$inferInsert, 'id' | 'dagId'>

/** `REPO/DAG.TASK.OUTPUT`. */
export const sourceOf = (of: Pick<Subscription, 'repo' | 'dag' | 'task' | 'output'>): string =>
  `${of.repo}/${of.dag}.${of.task ?? ''}.${of.output ?? ''}`

/** Replaces what a DAG waits for; what was published for its old list and is not in the new one is forgotten. */
export async function saveSubscriptions(
  q: Queryable,
  dagId: string,
  subscriptions: readonly Subscription[],
): Promise<void> {
  await q.delete(dagSubscription).where(eq(dagSubscription.dagId, dagId))
  if (subscriptions.length > 0)
    await q.insert(dagSubscription).values(subscriptions.map((one) => ({ dagId, ...one })))
  const sources = subscriptions.filter((one) => one.kind === 'all_outputs').map(sourceOf)
  const mine = eq(publishedInput.dagId, dagId)
  await q
    .delete(publishedInput)
    .where(sources.length === 0 ? mine : and(mine, notInArray(publishedInput.source, sources)))
}

/** Who waits for whom among a team's DAGs, both as `REPO/DAG`. */
export async function teamSubscriptions(
  q: Queryable,
  teamId: string,
): Promise<{ follower: string; source: string }[]> {
  return q
    .selectDistinct({
      follower: sql<string>`${repository.name} || '/' || ${dag.name}`,
      source: sql<string>`${dagSubscription.repo} || '/' || ${dagSubscription.dag}`,
    })
    .from(dagSubscription)
    .innerJoin(dag, eq(dag.id, dagSubscription.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .where(eq(repository.teamId, teamId))
}

/**
 * Notes what happened, if some DAG waits for it, and wakes who follows it. One statement: every run and output comes by. An
 * event that is there already is locked: whoever follows it sees it only when what this transaction writes can be seen, too.
 */
async function noteEvent(q: Queryable, happened: SQL, waited: SQL): Promise<void> {
  await q.execute(sql`
    with happened as (${happened}), noted as (
      insert into ${triggerEvent} (run_id, task)
      select e.run_id, e.task from happened e join ${dag} d on d.id = e.dag_id join ${repository} h on h.id = d.repository_id
      where exists (
        select 1 from ${dagSubscription} s join ${dag} f on f.id = s.dag_id join ${repository} o on o.id = f.repository_id
        where s.repo = h.name and s.dag = d.name and o.team_id = h.team_id and ${waited})
      on conflict (run_id, task) do update set due_at = clock_timestamp(), tries = 0 returning 1)
    select pg_notify(${enqueueChannel}, 'event') from noted limit 1`)
}

/** In the transaction in which a run succeeds. */
export const noteSuccess = (q: Queryable, runId: string): Promise<void> =>
  noteEvent(
    q,
    sql`select id as run_id, null::text as task, dag_id from ${run} where id = ${runId}`,
    sql`s.kind = 'success'`,
  )

/** In the transaction in which an attempt publishes outputs. */
export const notePublication = (q: Queryable, attemptId: string): Promise<void> =>
  noteEvent(
    q,
    sql`select r.id as run_id, t.task, r.dag_id from ${attempt} a join ${taskRun} t on t.id = a.task_run_id
      join ${run} r on r.id = a.run_id where a.id = ${attemptId}`,
    sql`s.kind in ('all_outputs', 'any_output') and s.task = e.task`,
  )

/** Events to follow, oldest first, and ms until the next one that failed may be tried again (null without one). */
export async function dueEvents(
  q: Queryable,
  limit: number,
): Promise<{ due: number[]; nextMs: number | null }> {
  const rows = await q
    .select({
      id: triggerEvent.id,
      ms: sql<number>`extract(epoch from ${triggerEvent.dueAt} - clock_timestamp())::float8 * 1000`,
    })
    .from(triggerEvent)
    .orderBy(asc(triggerEvent.dueAt), asc(triggerEvent.id))
    .limit(limit)
  return {
    due: rows.filter((row) => row.ms <= 0).map((row) => row.id),
    nextMs: rows.find((row) => row.ms > 0)?.ms ?? null,
  }
}

/** Takes an event: it is gone if the transaction commits. null when another took it. */
export async function takeEvent(
  q: Queryable,
  id: number,
): Promise<{ runId: string; task: string | null } | null> {
  // Whoever holds two DAGs at once gives way before Postgres sees a deadlock: a push must not be the one that loses.
  await q.execute(sql`set local lock_timeout = '500ms'`)
  const rows = await rowsOf<{ run_id: string; task: string | null }>(
    q,
    sql`
    delete from ${triggerEvent} where id = (
      select id from ${triggerEvent} where id = ${id} for update skip locked)
    returning run_id, task`,
  )
  const [row] = rows
  return row === undefined ? null : { runId: row.run_id, task: row.task }
}

/** Puts off an event that could not be followed: 2, 4, … seconds, an hour at most. */
export async function putOffEvent(q: Queryable, id: number): Promise<void> {
  await q
    .update(triggerEvent)
    .set({
      tries: sql`${triggerEvent.tries} + 1`,
      dueAt: sql`clock_timestamp() + make_interval(secs => least(3600, 2 ^ least(${triggerEvent.tries} + 1, 12)))`,
    })
    .where(eq(triggerEvent.id, id))
}

export interface Source {
  runId: string
  number: number
  versionId: string
  dagId: string
  dag: string
  repositoryId: string
  repo: string
  teamId: string
  causes: Cause[]
}

export async function sourceRun(q: Queryable, runId: string): Promise<Source | null> {
  const [row] = await q
    .select({
      runId: run.id,
      number: run.number,
      versionId: run.versionId,
      dagId: dag.id,
      dag: dag.name,
      repositoryId: repository.id,
      repo: repository.name,
      teamId: repository.teamId,
      causes: run.causes,
    })
    .from(run)
    .innerJoin(dag, eq(dag.id, run.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .where(eq(run.id, runId))
  return row ?? null
}

/** Subscriptions to this source, by follower. */
export async function subscribersTo(q: Queryable, source: Source, task: string | null) {
  const { kind, ref, output } = dagSubscription
  return q
    .select({
      dagId: dag.id,
      versionId: version.id,
      spec: version.spec,
      paused: sql<boolean>`${dag.pausedAt} is not null`,
      kind,
      ref,
      output,
    })
    .from(dagSubscription)
    .innerJoin(dag, eq(dag.id, dagSubscription.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .innerJoin(version, eq(version.id, dag.scheduledVersionId))
    .where(
      and(
        eq(team.id, source.teamId),
        eq(dagSubscription.repo, source.repo),
        eq(dagSubscription.dag, source.dag),
        task === null
          ? eq(kind, 'success')
          : and(inArray(kind, ['all_outputs', 'any_output']), eq(dagSubscription.task, task)),
      ),
    )
    .orderBy(asc(dag.id), asc(output))
}
export type Subscriber = { dagId: string; versionId: string; spec: Spec } & Pick<
  Awaited<ReturnType<typeof subscribersTo>>[number],
  'kind' | 'ref' | 'output' | 'paused'
>

/** Names of the outputs that a task of a run has published; none while an item of it has not succeeded. */
export async function publishedOutputs(q: Queryable, runId: string, task: string): Promise<string[]> {
  const items = await q
    .select({ state: taskRun.state })
    .from(taskRun)
    .where(and(eq(taskRun.runId, runId), eq(taskRun.task, task)))
  if (items.some((item) => item.state !== 'succeeded')) return []
  const rows = await rowsOf<{ name: string }>(
    q,
    sql`
    select distinct o.name from output o join attempt a on a.id = o.attempt_id join ${taskRun} t on t.id = a.task_run_id
    where t.run_id = ${runId} and t.task = ${task} and a.state = 'succeeded'`,
  )
  return rows.map((row) => row.name)
}

/** Whether a run of this DAG is among the causes of these, their causes, and so on. */
export async function isAmongCauses(q: Queryable, causes: readonly Cause[], dagId: string): Promise<boolean> {
  if (causes.length === 0) return false
  const ids = `{${causes.map((cause) => cause.run).join(',')}}`
  const rows = await rowsOf<object>(
    q,
    sql`
    with recursive before as (
      select id, dag_id, causes from ${run} where id = any(${ids}::uuid[])
      union
      select r.id, r.dag_id, r.causes from before b, jsonb_array_elements(b.causes) c join ${run} r on r.id = (c->>'run')::uuid
    ) select 1 from before where dag_id = ${dagId} limit 1`,
  )
  return rows.length > 0
}

/** Notes an output for a DAG that waits for a list; a newer one takes the place of an older. */
export async function notePublished(
  q: Queryable,
  dagId: string,
  source: string,
  cause: Cause,
): Promise<void> {
  await q
    .insert(publishedInput)
    .values({ dagId, source, cause })
    .onConflictDoUpdate({ target: [publishedInput.dagId, publishedInput.source], set: { cause } })
}

/** Takes what was published for a DAG, if that is all it waits for. The DAG is locked. */
export async function takeIfComplete(q: Queryable, dagId: string): Promise<Cause[] | null> {
  const [row] = await q
    .select({
      wanted: sql<number>`(select count(*)::int from ${dagSubscription} s where s.dag_id = ${dagId} and s.kind = 'all_outputs')`,
      there: sql<number>`count(*)::int`,
    })
    .from(publishedInput)
    .where(eq(publishedInput.dagId, dagId))
  if (row === undefined || row.there < row.wanted) return null
  const taken = await q
    .delete(publishedInput)
    .where(eq(publishedInput.dagId, dagId))
    .returning({ cause: publishedInput.cause, source: publishedInput.source })
  return taken.sort((a, b) => a.source.localeCompare(b.source)).map(({ cause }) => cause)
}
