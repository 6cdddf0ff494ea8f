/** Runs and their task runs, as they are made. */
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Json } from '#server/domain/json.ts'
import type { Cause } from '#server/domain/run/cause.ts'
import type { RunTrigger, RunVerb } from '#server/domain/run/states.ts'
import type { Queryable } from '../client.ts'
import { dag, push, run, taskRun } from '../schema/index.ts'

export interface NewRun {
  dagId: string
  versionId: string
  trigger: RunTrigger
  triggeredBy: string | null
  params: Record<string, Json>
  logicalDate: Date | null
  intervalStart?: Date | null
  intervalEnd?: Date | null
  /** Of a run that a schedule or a backfill made, and of what is made of that: the schedule's key. */
  schedule?: string | null
  backfillId?: string | null
  /** Runs that started it. */
  causes?: Cause[]
  parentId: string | null
  verb: RunVerb | null
  /** Starts whatever the DAG's strategy says. */
  forced?: boolean
}

export type NewItem = Pick<
  typeof taskRun.$inferInsert,
  'task' | 'key' | 'index' | 'item' | 'pool' | 'queue' | 'slots' | 'priority' | 'cleanup'
> & {
  /** What is taken from an earlier run: its state, and the task run that has the results. */
  reuse?: { resultsOf: string | null; as: 'succeeded' | 'skipped'; marked: boolean } | null
}

/** How long a run may wait for its place (engine.md: nothing waits without a bound). */
const queueTimeout = '7 days'

function rowOf(runId: string, { reuse, ...item }: NewItem): typeof taskRun.$inferInsert {
  if (reuse == null) return { runId, ...item }
  const { resultsOf, as, marked } = reuse
  return {
    runId,
    ...item,
    state: as,
    reason: marked ? 'marked' : 'reused',
    reusedFrom: resultsOf,
    endedAt: sql`clock_timestamp()` as unknown as Date,
  }
}

/** Inserts a queued run with the DAG's next number, and its items, waiting. Runs in the caller's transaction. */
export async function insertRun(
  q: Queryable,
  given: NewRun,
  items: readonly NewItem[],
): Promise<{ id: string; number: number }> {
  const [next] = await q
    .update(dag)
    .set({ nextRunNumber: sql`${dag.nextRunNumber} + 1` })
    .where(eq(dag.id, given.dagId))
    .returning({ number: sql<number>`${dag.nextRunNumber} - 1` })
  if (next === undefined) throw new Error('the DAG was deleted while a run was made')
  const [row] = await q
    .insert(run)
    .values({ ...given, number: next.number, dueAt: sql`clock_timestamp() + ${queueTimeout}::interval` })
    .returning({ id: run.id })
  if (row === undefined) throw new Error('an insert gave no row')
  // A statement takes 65,535 values.
  for (let at = 0; at < items.length; at += 5000)
    await q.insert(taskRun).values(items.slice(at, at + 5000).map((item) => rowOf(row.id, item)))
  return { id: row.id, number: next.number }
}

/** Whether a push that is carried out in parts has started a run of this version already. */
export async function hasRunOfPush(
  q: Queryable,
  versionId: string,
  userId: string | null,
  pushId: string,
): Promise<boolean> {
  const [row] = await q
    .select({ id: run.id })
    .from(run)
    .innerJoin(push, eq(push.id, pushId))
    .where(
      and(
        eq(run.versionId, versionId),
        eq(run.trigger, 'push'),
        userId === null ? isNull(run.triggeredBy) : eq(run.triggeredBy, userId),
        sql`${run.createdAt} >= ${push.createdAt}`,
      ),
    )
    .limit(1)
  return row !== undefined
}
