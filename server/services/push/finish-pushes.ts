/** What follows from a push once its refs have moved: the runs it asked for, once, and what its client is told (R10). */
import type { Queryable } from '#db/client.ts'
import { closePush, openPushes, pushIsOld, reportSoFar, type PushRow } from '#db/queries/push.ts'
import type { RepositoryRow } from '#db/queries/repository.ts'
import { hasRunOfPush } from '#db/queries/run.ts'
import { dagsAtRef, type DagAtRef } from '#db/queries/version.ts'
import type { RefUpdate } from '../../domain/version/ref-update.ts'
import { noSha } from '../../git/run-git.ts'
import { createRun } from '../run/create-run.ts'
import type { Usual } from '../../domain/run/deployment.ts'
import type { ServiceContext } from '../context.ts'
import { paramsSchema, withDefaults } from '../../domain/run/params.ts'
import { reportOf, type DagChange } from './report.ts'

/** Seconds after which a push whose refs did not move is taken for failed. */
const abandonAfter = 600

interface Work {
  tx: Queryable
  publicUrl: string
  usual: Usual
  repository: RepositoryRow
  refs: ReadonlyMap<string, string>
  /** What the refs' move has changed and no push has claimed yet. */
  unclaimed: Set<DagChange>
}

/** `-o run` is every DAG that the push changed, `-o run=NAME` that one. */
function asked(options: readonly string[], changes: readonly DagChange[]): DagChange[] {
  const names = options.filter((option) => option.startsWith('run=')).map((option) => option.slice(4))
  return options.includes('run') ? [...changes] : changes.filter((change) => names.includes(change.dag))
}

const isNoVersion = (dag: DagAtRef): boolean => dag.versionId === null && dag.faults.length > 0

/** Notebooks at these refs that are no version, for their faults. */
async function faultyAt({ tx, repository }: Work, moved: readonly RefUpdate[]): Promise<DagAtRef[]> {
  const rows: DagAtRef[] = []
  for (const { ref } of moved) rows.push(...(await dagsAtRef(tx, repository.id, ref)))
  return [...new Map(rows.filter(isNoVersion).map((row) => [row.path, row])).values()]
}

/** What `-o run` asked for in vain, why, and how it is had. */
function notRun(
  options: readonly string[],
  changes: readonly DagChange[],
  faulty: readonly DagAtRef[],
): string[] {
  const why = (of: readonly DagAtRef[], kind: string) =>
    of.length === 0
      ? `this push changed no ${kind}`
      : `${of.map((dag) => dag.path).join(', ')} ${of.length === 1 ? 'has' : 'have'} faults, and this push changed no other ${kind}`
  if (options.includes('run')) return changes.length > 0 ? [] : [`nothing was run: ${why(faulty, 'DAG')}`]
  return options
    .flatMap((option) => (option.startsWith('run=') ? [option.slice(4)] : []))
    .filter((name) => !changes.some((change) => change.dag === name))
    .map((name) => {
      // What never had a version is known by its file alone.
      const may = faulty.filter(({ dag }) => dag === null || dag === name)
      return `${name} was not run: ${why(may, 'DAG of that name')}; \`dagbok run start\` runs any`
    })
}

async function runOf(work: Work, push: PushRow, change: DagChange) {
  if (Object.values(change.spec.params).some((param) => param.required))
    return { dag: change.dag, number: null }
  const { number } = await createRun(work.tx, {
    dagId: change.dagId,
    versionId: change.versionId,
    spec: change.spec,
    usual: work.usual,
    trigger: 'push',
    triggeredBy: push.userId,
    params: withDefaults(paramsSchema(change.spec), {}),
  })
  return { dag: change.dag, number }
}

async function finish(work: Work, push: PushRow): Promise<void> {
  const { tx, refs, unclaimed } = work
  const moved = push.updates.filter((update) =>
    update.newSha === noSha
      ? !refs.has(update.ref)
      : refs.get(update.ref) === (update.commit ?? update.newSha),
  )
  const changes = [...unclaimed].filter((change) => moved.some((update) => update.ref === change.ref))
  for (const change of changes) unclaimed.delete(change)
  const unique = new Map(asked(push.options, changes).map((change) => [change.versionId, change]))
  const runs = []
  // Git moves the refs of a push one after another: what an earlier one of them has started is not started again.
  for (const change of unique.values())
    if (push.report === null || !(await hasRunOfPush(tx, change.versionId, push.userId, push.id)))
      runs.push(await runOf(work, push, change))
  const whole = moved.length === push.updates.length
  const lines = [
    ...(push.report ?? []),
    ...reportOf(work.publicUrl, work.repository, changes, runs),
    ...(whole && push.report === null ? notRun(push.options, changes, await faultyAt(work, moved)) : []),
  ]
  if (whole) await closePush(tx, push.id, 'reconciled', lines)
  else if (await pushIsOld(tx, push.id, abandonAfter)) await closePush(tx, push.id, 'abandoned', lines)
  else if (changes.length > 0) await reportSoFar(tx, push.id, lines)
}

/**
 * Newest first: when two open pushes ask for the same move, the older one was killed before it moved anything, else it had
 * been closed when the newer one was checked.
 */
export async function finishPushes(
  tx: Queryable,
  { publicUrl, deployment }: Pick<ServiceContext, 'publicUrl' | 'deployment'>,
  repository: RepositoryRow,
  refs: ReadonlyMap<string, string>,
  changes: readonly DagChange[],
): Promise<void> {
  const work: Work = {
    tx,
    publicUrl,
    usual: deployment,
    repository,
    refs,
    unclaimed: new Set(changes),
  }
  for (const push of (await openPushes(tx, repository.id)).toReversed()) await finish(work, push)
}
