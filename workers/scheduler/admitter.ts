/** Lets waiting runs in, as their strategy and `max_active_runs` say. */
import type { WaitingRun } from '#db/queries/admission.ts'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { failpoint } from '#server/config/failpoint.ts'
import { judgeAdmission, type Admission } from '#server/domain/run/admission.ts'
import type { Isolation } from './isolation.ts'
import type { RunAdvancer } from './run-advancer.ts'

/** Waiting runs of one version that are looked at in one go. */
const perVersion = 50

export class Admitter {
  readonly #store: SchedulingStore
  readonly #runs: RunAdvancer
  readonly #isolation: Isolation

  constructor(store: SchedulingStore, runs: RunAdvancer, isolation: Isolation) {
    this.#store = store
    this.#runs = runs
    this.#isolation = isolation
  }

  /** A run that fails stalls no other. */
  async look(): Promise<void> {
    const full = new Set<string>()
    for (const waiting of await this.#store.waitingRuns(perVersion)) {
      const { dagId, versionId, strategy, forced, recovers } = waiting
      // Where an older one of its kind waits, a later one does, too.
      const kind = strategy === 'parallel' ? versionId : `${dagId} ${strategy}`
      if (full.has(kind) && !forced && !recovers) continue
      const admission = await this.#isolation.attempt(waiting.id, () => this.#admit(waiting))
      if (admission === 'wait') full.add(kind)
      if (admission === 'push_out')
        for (const id of await this.#store.activeRuns(dagId)) await this.#pushOut(id)
    }
  }

  async #pushOut(id: string): Promise<void> {
    await this.#isolation.attempt(id, () =>
      this.#runs.apply(id, () => Promise.resolve([{ kind: 'pushed_out' }])),
    )
  }

  async #admit(waiting: WaitingRun): Promise<Admission> {
    let admission: Admission = 'wait'
    await failpoint('run.admit.before')
    await this.#runs.apply(waiting.id, async (tx, { row }) => {
      if (row.state !== 'queued') return null
      await tx.lockDag(waiting.dagId)
      admission = judgeAdmission(waiting, await tx.othersOf(waiting))
      if (admission === 'admit') return [{ kind: 'admitted' }]
      return admission === 'cancel' ? [{ kind: 'pushed_out' }] : null
    })
    return admission
  }
}
