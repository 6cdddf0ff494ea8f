/** What people do to single task runs: they answer, or give a state by hand. A scheduler carries it out. */
import type { Queryable } from '#db/client.ts'
import { insertAudit } from '#db/queries/audit.ts'
import { insertIntervention, lockTaskRun } from '#db/queries/intervention.ts'
import { announce, wakeScheduler } from '#db/queries/live.ts'
import type { RunViewRow } from '#db/queries/run-view.ts'
import { specOf } from '#db/queries/version.ts'
import type { Deed } from '#db/schema/run.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { Mark } from '../../domain/run/reuse.ts'
import { fieldsSchema } from '../../domain/run/params.ts'
import { checkGiven } from './check-params.ts'
import { isTerminalTaskRun } from '../../domain/run/states.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireRun } from './read-run.ts'

export interface TaskRunRef {
  runId: string
  task: string
  key: string | null
}

const nameOf = ({ task, key }: TaskRunRef) => (key === null ? task : `${task} (${key})`)

async function requireTaskRun(q: Queryable, ref: TaskRunRef) {
  const found = await lockTaskRun(q, ref.runId, ref.task, ref.key)
  if (found === null) throw new DagbokError('not_found', `The run has no task run ${nameOf(ref)}.`)
  return found
}

/** What the record keeps of a deed, also when the run is gone: who wants to know what a form was given asks the run. */
const kept = (deed: Deed): Record<string, Json> =>
  deed.kind === 'mark'
    ? { as: deed.as, reason: deed.reason }
    : { yes: deed.yes, ...(deed.comment === null ? {} : { comment: deed.comment }) }

/** Writes a deed down, in the run and in the record of its team. */
async function save(
  q: Queryable,
  { row, ref, taskRunId, actor }: { row: RunViewRow; ref: TaskRunRef; taskRunId: string; actor: Actor },
  deed: Deed,
  noted: boolean,
) {
  const outcome = noted ? ('noted' as const) : null
  const saved = await insertIntervention(q, {
    runId: ref.runId,
    taskRunId,
    deed,
    userId: actor.userId,
    outcome,
  })
  if (!saved) throw new DagbokError('conflict', `${nameOf(ref)} has been answered already.`)
  await insertAudit(q, {
    teamId: row.teamId,
    dagId: row.dagId,
    userId: actor.userId,
    verb: `run.${deed.kind}`,
    details: { run: row.number, task: ref.task, key: ref.key, ...kept(deed) },
  })
  await announce(q, [`run:${ref.runId}`, `dag:${row.dagId}`])
  await wakeScheduler(q)
}

/**
 * Answers a task that waits for a person.
 * @throws DagbokError `not_found`, `forbidden`, `conflict` when it does not wait, or was answered; `bad_input` when the
 * fields do not fit its form
 */
export async function answerTask(
  ctx: ServiceContext,
  actor: Actor,
  ref: TaskRunRef,
  answer: { yes: boolean; comment: string | null; values: Record<string, Json> },
): Promise<void> {
  const row = await requireRun(ctx, actor, ref.runId, 'run:write')
  const spec = await specOf(ctx.db, row.versionId)
  const action = spec?.tasks.find((task) => task.id === ref.task)?.action
  if (action?.kind !== 'approve')
    throw new DagbokError('bad_input', `${nameOf(ref)} is not a task that a person answers.`)
  const values = answer.yes
    ? checkGiven(fieldsSchema(action.form), answer.values, { what: 'fields of the answer' })
    : {}
  await ctx.db.transaction(async (tx) => {
    const { id, state } = await requireTaskRun(tx, ref)
    if (state !== 'awaiting_input')
      throw new DagbokError('conflict', `${nameOf(ref)} is ${state}: it waits for no answer.`)
    await save(tx, { row, ref, taskRunId: id, actor }, { kind: 'answer', ...answer, values }, false)
  })
}

/**
 * Gives a task run a state by hand. One that is over keeps its state: the mark is a note that a later Recover reads.
 * @throws DagbokError `not_found`, `forbidden`, `bad_input` without a reason
 */
export async function markTaskRun(
  ctx: ServiceContext,
  actor: Actor,
  ref: TaskRunRef,
  mark: { as: Mark; reason: string },
): Promise<{ noted: boolean }> {
  const row = await requireRun(ctx, actor, ref.runId, 'run:write')
  if (mark.reason.trim() === '') throw new DagbokError('bad_input', 'Say why: a mark needs a reason.')
  return ctx.db.transaction(async (tx) => {
    const { id, state } = await requireTaskRun(tx, ref)
    const noted = isTerminalTaskRun(state)
    await save(tx, { row, ref, taskRunId: id, actor }, { kind: 'mark', ...mark }, noted)
    return { noted }
  })
}
