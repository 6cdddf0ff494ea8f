import type { Queryable } from '#db/client.ts'
import { poolKey } from '#db/queries/pool.ts'
import { holdResults } from '#db/queries/retention.ts'
import { queueOf, type QueueFacts } from './queue-of.ts'
import type { NewItem, NewRun } from '#db/queries/run.ts'
import { sessionOf, type Session } from '#db/scheduling-store.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Spec } from '../../domain/dag/spec.ts'
import { isKept, isPod, warmImage } from '../../domain/pod/warm-image.ts'
import { plainDeployment, type Usual } from '../../domain/run/deployment.ts'
import type { PlannedItem } from '../../domain/run/reuse.ts'

type WantedRun = Omit<NewRun, 'logicalDate' | 'parentId' | 'verb'> &
  Partial<NewRun> & {
    spec: Spec
    plan?: readonly PlannedItem[]
    /** What the deployment says of who runs its tasks; without it, processes do where they do not say. */
    usual?: Usual
  }

/**
 * Makes a run of a version, queued, in the caller's transaction; schedulers hear of it when that commits. Params were
 * checked before. `plan` says what is taken from an earlier run.
 */
export async function createRun(q: Queryable, given: WantedRun): Promise<{ id: string; number: number }> {
  const taken = given.plan?.flatMap(({ reuse }) => (reuse?.resultsOf == null ? [] : [reuse.resultsOf])) ?? []
  if ((await holdResults(q, [...new Set(taken)])) < new Set(taken).size)
    throw new DagbokError(
      'conflict',
      'The run whose results it would take was deleted meanwhile: start a new run.',
    )
  return makeRun(sessionOf(q), given)
}

/** As `createRun`, for a caller that has a session; the results that a plan takes are held already. */
export async function makeRun(
  tx: Pick<Session, 'teamOfDag' | 'lockDag' | 'standingDigests' | 'insertRun' | 'announce' | 'wakeScheduler'>,
  given: WantedRun,
): Promise<{ id: string; number: number }> {
  const { spec, plan, usual = plainDeployment, ...run } = given
  const teamId = await tx.teamOfDag(run.dagId)
  const digests = await digestsOf(tx, spec, { usual, teamId, versionId: run.versionId }, run.dagId)
  const facts = { usual, teamId, versionId: run.versionId, digests }
  const plans = plan === undefined ? undefined : Map.groupBy(plan, (item) => item.task)
  const items = spec.tasks.flatMap((task): NewItem[] => {
    const { slots, priority } = task
    const pool = task.pool === null ? null : poolKey(teamId, task.pool)
    const asked = {
      task: task.id,
      pool,
      queue: queueOf(task, facts),
      slots,
      priority,
      cleanup: task.finally || task.teardown_for.length > 0,
    }
    if (plans !== undefined)
      return (plans.get(task.id) ?? []).map(({ key, index, item, reuse }) => ({
        ...asked,
        key,
        index,
        item,
        reuse,
      }))
    if (task.matrix === null) return [{ ...asked, key: null, index: 0 }]
    return task.matrix.map((item, index) => ({ ...asked, key: item.key, index }))
  })
  const made = await tx.insertRun({ logicalDate: null, parentId: null, verb: null, ...run }, items)
  await tx.announce([`dag:${run.dagId}`, `run:${made.id}`])
  await tx.wakeScheduler()
  return made
}

/** Of images of standing workers; who asks for none asks the database for nothing. */
async function digestsOf(
  tx: Pick<Session, 'lockDag' | 'standingDigests'>,
  spec: Spec,
  { usual, teamId, versionId }: Omit<QueueFacts, 'digests'>,
  dagId: string,
): Promise<ReadonlyMap<string, string>> {
  const images = new Set(spec.tasks.flatMap((task) => warmImage(task, usual) ?? []))
  if (images.size === 0 || usual.warm === null) return new Map()
  // A pod may ask for its image each time anew: what it is given is not to be settled before.
  const ofPods = new Set(spec.tasks.map((task) => (isPod(task, usual) ? task.image : null)))
  const kept = [...images].filter((image) => isKept(image) && !ofPods.has(image))
  // Before anything is written, as all do who make runs: two that wait for one another wait for ever.
  await tx.lockDag(dagId)
  return tx.standingDigests({ versionId, teamId, cluster: usual.warm, images: kept })
}
