/**
 * What an end lets go on in other runs: tasks that the run before held back (`depends_on_past`), and waits for the run of
 * another DAG. They are looked at as soon as it is written; the polls of both are only the safety net.
 */
import type { Logger } from 'pino'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import type { ItemRef } from '#server/domain/run/decide.ts'
import { itemAt, nodeAt } from '#server/domain/run/machine.ts'
import type { Isolation } from './isolation.ts'
import type { LiveRun } from './live-run.ts'
import type { RunAdvancer } from './run-advancer.ts'

/** Whether it still waits for what may have come. */
function isHeld({ machine }: LiveRun, { node, item }: ItemRef): boolean {
  const { state, heldAt } = itemAt(machine, node, item)
  return state === 'waiting' && heldAt !== null
}

function waits({ machine }: LiveRun, { node, item }: ItemRef): boolean {
  const { state, readyAt } = itemAt(machine, node, item)
  return state === 'waiting' && readyAt !== null && nodeAt(machine, node).way.kind === 'wait'
}

interface Found {
  id: string
  runId: string
}
type Still = (live: LiveRun, ref: ItemRef) => boolean

export class Releases {
  readonly #store: SchedulingStore
  readonly #runs: RunAdvancer
  readonly #isolation: Isolation
  readonly #log: Logger

  constructor(store: SchedulingStore, runs: RunAdvancer, isolation: Isolation, log: Logger) {
    this.#store = store
    this.#runs = runs
    this.#isolation = isolation
    this.#log = log
  }

  /** @param what of the run has ended: a task of which the next one depends on its past; all of it */
  after({ row, identity: { teamId } }: LiveRun, what: { past: boolean; over: boolean }): void {
    const { logicalDate } = row
    if (what.past) this.#follow(row.id, this.#store.heldItems(row.dagId), isHeld)
    if (what.over && logicalDate !== null)
      this.#follow(row.id, this.#store.waitingItems({ teamId, logicalDate }), waits)
  }

  #follow(endedId: string, found: Promise<Found[]>, still: Still): void {
    this.#lookAt(endedId, found, still).catch((error: unknown) =>
      this.#log.error({ err: error, run: endedId }, 'what a run held back could not be looked at'),
    )
  }

  async #lookAt(endedId: string, found: Promise<Found[]>, still: Still): Promise<void> {
    for (const { id, runId } of await found)
      if (runId !== endedId)
        await this.#isolation.attempt(runId, () =>
          this.#runs.apply(runId, (_tx, live) => {
            const place = live.places.get(id)
            return Promise.resolve(
              place !== undefined && still(live, place) ? [{ kind: 'due', ...place }] : null,
            )
          }),
        )
  }
}
