/** Makes the schedules and triggers of a DAG those of the version that schedules it. */
import type { Subscription } from '#db/queries/trigger.ts'
import type { Session } from '#db/scheduling-store.ts'
import { noTriggers, type Spec, type Triggers } from '../../domain/dag/spec.ts'
import { keyedSchedules, takeOver } from '../../domain/schedule/entries.ts'

/** Versions made before triggers were carried out have none. */
export const triggersOf = (spec: Spec | null): Triggers =>
  (spec as { on?: Triggers } | null)?.on ?? noTriggers

function subscriptionsOf({ success_of: successes, outputs }: Triggers): Subscription[] {
  return [
    ...successes.map(({ repo, dag, ref }): Subscription => ({ kind: 'success', repo, dag, ref })),
    ...(outputs?.of ?? []).map((of): Subscription => ({
      kind: outputs?.mode === 'all' ? 'all_outputs' : 'any_output',
      ...of,
    })),
  ]
}

async function takeOverDag(tx: Session, dagId: string, given: Date | null): Promise<void> {
  const locked = await tx.lockScheduledDag(dagId)
  if (locked === null || locked.versionId === locked.scheduledVersionId) return
  // Read under the lock: a tick up to this moment is the old version's, a later one the new one's.
  const now = given ?? (await tx.databaseNow())
  const spec = locked.versionId === null ? null : await tx.specOf(locked.versionId)
  const takeover = takeOver(
    await tx.liveSchedules(dagId),
    keyedSchedules(spec?.schedule ?? []),
    now,
    locked.scheduledSince === null,
  )
  await tx.writeTakeover(dagId, locked.versionId, takeover, now)
  await tx.saveSubscriptions(dagId, subscriptionsOf(triggersOf(spec)))
  await tx.wakeEnqueuers('schedule')
}

/**
 * Takes over what has changed in a repository, or anywhere, in the caller's transaction.
 * @param now the database's time where it is not given
 */
export async function takeOverSchedules(
  tx: Session,
  repositoryId: string | null,
  now: Date | null = null,
): Promise<void> {
  for (const { dagId } of await tx.changedDags(repositoryId)) await takeOverDag(tx, dagId, now)
}
