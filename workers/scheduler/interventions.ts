/** Carries out what people did by hand, each once, in the transaction that changes the run. */
import type { OpenIntervention } from '#db/queries/intervention.ts'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { decideWhether, type RunEvent } from '#server/domain/run/decide.ts'
import type { Isolation } from './isolation.ts'
import type { RunAdvancer } from './run-advancer.ts'

function eventOf({ deed, by }: OpenIntervention, place: { node: number; item: number }): RunEvent {
  if (deed.kind === 'answer') return { kind: 'answered', yes: deed.yes, ...place }
  return { kind: 'marked', as: deed.as, message: by === '' ? deed.reason : `${by}: ${deed.reason}`, ...place }
}

export async function carryOutInterventions(
  store: SchedulingStore,
  runs: RunAdvancer,
  isolation: Isolation,
): Promise<void> {
  for (const open of await store.openInterventions())
    await isolation.attempt(open.runId, () => carryOut(runs, open))
}

const carryOut = (runs: RunAdvancer, open: OpenIntervention): Promise<boolean> =>
  runs.apply(open.runId, async (tx, live) => {
    const place = live.places.get(open.taskRunId)
    const event = place === undefined ? null : eventOf(open, place)
    const accepted = event !== null && decideWhether(live.machine, event)
    if (!(await tx.closeIntervention(open.id, accepted ? 'applied' : 'too_late')) || !accepted) return null
    const { deed, by, at } = open
    if (deed.kind === 'answer') {
      const { yes, comment, values } = deed
      await tx.saveAnswer(open.taskRunId, { yes, comment, values, by, at: at.toISOString() })
    }
    return [event]
  })
