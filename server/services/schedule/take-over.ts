/** Makes the schedules and triggers of a DAG those of the version that schedules it. */
import type { Queryable } from '#db/client.ts'
import { wakeEnqueuers } from '#db/queries/live.ts'
import { changedDags, databaseNow, liveSchedules, lockDag, writeTakeover } from '#db/queries/schedule.ts'
import { saveSubscriptions, type Subscription } from '#db/queries/trigger.ts'
import { specOf } from '#db/queries/version.ts'
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

async function takeOverDag(tx: Queryable, dagId: string, given: Date | null): Promise<void> {
  const locked = await lockDag(tx, dagId)
  if (locked === null || locked.versionId === locked.scheduledVersionId) return
  // Read under the lock: a tick up to this moment is the old version's, a later one the new one's.
  const now = given ?? (await databaseNow(tx))
  const spec = locked.versionId === null ? null : await specOf(tx, locked.versionId)
  const takeover = takeOver(
    await liveSchedules(tx, dagId),
    keyedSchedules(spec?.schedule ?? []),
    now,
    locked.scheduledSince === null,
  )
  await writeTakeover(tx, dagId, locked.versionId, takeover, now)
  await saveSubscriptions(tx, dagId, subscriptionsOf(triggersOf(spec)))
  await wakeEnqueuers(tx, 'schedule')
}

/**
 * Takes over what has changed in a repository, or anywhere, in the caller's transaction.
 * @param now the database's time where it is not given
 */
export async function takeOverSchedules(
  tx: Queryable,
  repositoryId: string | null,
  now: Date | null = null,
): Promise<void> {
  for (const { dagId } of await changedDags(tx, repositoryId)) await takeOverDag(tx, dagId, now)
}
