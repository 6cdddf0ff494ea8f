/** Starts the runs that a success, or a publication of outputs, is waited for with: once each, also after a crash. */
import type { Queryable } from '#db/client.ts'
import { lockDag } from '#db/queries/schedule.ts'
import {
  isAmongCauses,
  notePublished,
  publishedOutputs,
  sourceOf,
  sourceRun,
  subscribersTo,
  takeEvent,
  takeIfComplete,
  type Source,
  type Subscriber,
} from '#db/queries/trigger.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Spec } from '../../domain/dag/spec.ts'
import type { Json } from '../../domain/json.ts'
import type { Cause } from '../../domain/run/cause.ts'
import type { ServiceContext } from '../context.ts'
import { findDagById } from '#db/queries/dag-view.ts'
import { createRun } from '../run/create-run.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkParams } from '../run/check-params.ts'
import { knownVersion } from '../version/resolve-version.ts'
import { noteRefusal } from './refused.ts'

interface Work {
  ctx: ServiceContext
  tx: Queryable
  source: Source
}

const causeOf = (
  { runId, number, repo, dag }: Source,
  task: string | null,
  output: string | null,
): Cause => ({
  run: runId,
  number,
  repo,
  dag,
  task,
  output,
})

/** Only a version of before triggers were checked lacks some: it must not hold up others that wait for the event (R18). */
function defaultsOf(spec: Spec): Record<string, Json> | DagbokError {
  try {
    return checkParams(paramsSchema(spec), {})
  } catch (error) {
    if (error instanceof DagbokError && error.code === 'bad_input') return error
    throw error
  }
}

type Kind = 'success_of' | 'outputs'

async function refuse({ ctx, tx, source }: Work, dagId: string, trigger: Kind, why: string): Promise<void> {
  ctx.log.warn({ dag: dagId, run: source.runId, why }, 'a run was not started')
  const of = `${source.repo}/${source.dag} run ${source.number}`
  await noteRefusal(tx, { teamId: source.teamId, dagId }, { trigger, why, source: of })
}

const paused = 'The DAG was paused; what happens meanwhile starts nothing, later either.'

async function start(
  work: Work,
  { dagId, versionId, spec }: Subscriber,
  trigger: Kind,
  causes: Cause[],
): Promise<void> {
  const { tx, ctx } = work
  // A push refuses DAGs that wait for each other in a circle; two pushes at once may still make one.
  if (await isAmongCauses(tx, causes, dagId))
    return refuse(
      work,
      dagId,
      trigger,
      'A run of the DAG is among its causes: it would go round in a circle.',
    )
  const params = defaultsOf(spec)
  if (params instanceof DagbokError) return refuse(work, dagId, trigger, params.message)
  const given = { dagId, versionId, spec, trigger, triggeredBy: null, causes, params }
  await createRun(tx, { ...given, usual: ctx.deployment })
}

/** Whether the run was of the version that `ref` names now. A name that is gone names none. */
async function isOfVersion({ ctx, tx, source }: Work, ref: string | null): Promise<boolean> {
  if (ref === null) return true
  const dag = await findDagById(tx, source.dagId)
  if (dag === null) return false
  const named = await knownVersion({ db: tx, repositories: ctx.repositories }, dag, ref)
  return named?.id === source.versionId
}

async function followSuccess(work: Work): Promise<void> {
  for (const [, subscriptions] of byDag(await subscribersTo(work.tx, work.source, null))) {
    const [first] = subscriptions
    let wanted = false
    for (const { ref } of subscriptions) wanted ||= await isOfVersion(work, ref)
    if (first === undefined || !wanted) continue
    if (first.paused) await refuse(work, first.dagId, 'success_of', paused)
    else await start(work, first, 'success_of', [causeOf(work.source, null, null)])
  }
}

async function followOutputs(work: Work, task: string): Promise<void> {
  const { tx, source } = work
  const published = await publishedOutputs(tx, source.runId, task)
  const subscriptions = (await subscribersTo(tx, source, task)).filter(
    ({ output }) => output !== null && published.includes(output),
  )
  for (const [dagId, mine] of byDag(subscriptions)) {
    const [first] = mine
    if (first === undefined) continue
    if (first.paused) {
      await refuse(work, dagId, 'outputs', paused)
      continue
    }
    const causes = mine.map(({ output }) => causeOf(source, task, output))
    if (first.kind === 'any_output') {
      await start(work, first, 'outputs', causes)
      continue
    }
    await lockDag(tx, dagId)
    for (const cause of causes) await notePublished(tx, dagId, sourceOf(cause), cause)
    const complete = await takeIfComplete(tx, dagId)
    if (complete !== null) await start(work, first, 'outputs', complete)
  }
}

const byDag = (subscribers: Subscriber[]) => Map.groupBy(subscribers, ({ dagId }) => dagId)

/** Follows an event in one transaction: when it commits, the event is gone and its runs are there. */
export async function followEvent(ctx: ServiceContext, id: number): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const event = await takeEvent(tx, id)
    const source = event === null ? null : await sourceRun(tx, event.runId)
    if (event === null || source === null) return
    const work = { ctx, tx, source }
    await (event.task === null ? followSuccess(work) : followOutputs(work, event.task))
  })
}
