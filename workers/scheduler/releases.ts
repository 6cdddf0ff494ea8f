/**
 * What an end lets go on in other runs: tasks that the run before held back (`depends_on_past`), and waits for the run of
 * another DAG. They are looked at as soon as it is written; the polls of both are only the safety net.
 */
import type { Logger } from 'pino'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import type { ItemRef } from '#server/domain/run/decide.ts'
import { awaitedDag } from '#server/domain/run/awaited.ts'
import { itemAt } from '#server/domain/run/machine.ts'
import type { Isolation } from './isolation.ts'
import type { LiveRun } from './live-run.ts'
import type { RunAdvancer } from './run-advancer.ts'

interface Found {
  id: string
  runId: string
}
type Still = (live: LiveRun, ref: ItemRef) => boolean

/** Whether it still waits for what may have come. */
function isHeld({ machine }: LiveRun, { node, item }: ItemRef): boolean {
  const { state, heldAt } = itemAt(machine, node, item)
  return state === 'waiting' && heldAt !== null
}

/** Whether it still waits for a run of this DAG. */
const waitsFor =
  (dag: string): Still =>
  ({ machine, identity }, { node, item }) => {
    const { state, readyAt } = itemAt(machine, node, item)
    const action = identity.spec.tasks[node]?.action
    return state === 'waiting' && readyAt !== null && action !== undefined && awaitedDag(action) === dag
  }

export class Releases {
  readonly #store: SchedulingStore
  readonly #runs: RunAdvancer
  readonly #isolation: Isolation
  readonly #log: Logger
  readonly #looking = new Set<Promise<void>>()

  constructor(store: SchedulingStore, runs: RunAdvancer, isolation: Isolation, log: Logger) {
    this.#store = store
    this.#runs = runs
    this.#isolation = isolation
    this.#log = log
  }

  /** @param what of the run has ended: a task of which the next one depends on its past; all of it */
  after({ row, identity }: LiveRun, what: { past: boolean; over: boolean }): void {
    const { logicalDate } = row
    if (what.past) this.#follow(row.id, this.#store.heldItems(row.dagId), isHeld)
    if (!what.over || logicalDate === null) return
    const dag = `${identity.repository}/${identity.dag}`
    const found = this.#store.waitingItems({ teamId: identity.teamId, dag, logicalDate })
    this.#follow(row.id, found, waitsFor(dag))
  }

  /** Resolves when nothing is looked at any more. */
  async idle(): Promise<void> {
    while (this.#looking.size > 0) await Promise.all(this.#looking)
  }

  #follow(endedId: string, found: Promise<Found[]>, still: Still): void {
    const look = this.#lookAt(endedId, found, still).catch((error: unknown) =>
      this.#log.error({ err: error, run: endedId }, 'what a run held back could not be looked at'),
    )
    this.#looking.add(look)
    void look.then(() => this.#looking.delete(look))
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
