/**
 * Advances runs: loads facts, asks the core, writes guarded. One transaction advances one run by everything that came in
 * for it meanwhile. Any number of these may work on one database: the run's row lock orders them, and its revision tells
 * whether the machine in memory is still the truth.
 */
import { wasUndone } from '#db/client.ts'
import { isOutage } from '#db/outage.ts'
import type { TaskRunWrite } from '#db/queries/run-state.ts'
import type { SchedulingStore, Session } from '#db/scheduling-store.ts'
import { decide, type ItemRef, type RunAction, type RunEvent } from '#server/domain/run/decide.ts'
import { isTerminalRun, isTerminalTaskRun, type Reason } from '#server/domain/run/states.ts'
import { loadLiveRun, type LiveRun } from './live-run.ts'

/** What entries of one transaction have claimed already, and the database cannot tell yet: slots by pool, tasks. */
export interface Batch {
  slots: Map<string, number>
  tasks: number
}

/** Gives the events to decide, after writes of its own in the same transaction; null when there is nothing to do. */
export type Prepare = (tx: Session, live: LiveRun, batch: Batch) => Promise<RunEvent[] | null>

export interface Entry {
  prepare: Prepare
  claims: boolean
  /** What it did is committed. */
  done: (accepted: boolean) => void
  /** What it did is undone, or nobody knows. */
  failed: (error: unknown) => void
}

/** Claims of what a transaction has just queued, for that same transaction. */
export type Offers = (live: LiveRun, queued: readonly ItemRef[]) => Entry[]

export interface Advanced {
  live: LiveRun
  actions: RunAction[]
  /** Whether anything was written. */
  changed: boolean
  /** Whether items are queued that were not before: somebody may claim them. */
  queued: boolean
  /** Whether something ended that a later run may wait for (`depends_on_past`). */
  past: boolean
  /** ms until the first moment that was set for the run or an item of it; null without one. */
  dueMs: number | null
}

/** What one transaction does: what came in, and what it may claim on top of that (null: nothing). */
interface Work {
  entries: readonly Entry[]
  offered: Entry[] | null
  /** Of what it did: whether an event was accepted. */
  accepted: Map<Entry, boolean>
}

type Write = TaskRunWrite & { place: ItemRef }

/** How often a transaction is begun that Postgres undoes for another one's sake. */
const mostTries = 5

/** A cancel counts from the moment the row says so, also after a restart. */
function endWanted({ row, machine }: LiveRun): boolean {
  if (machine.run !== 'running' || (row.cancelRequestedAt === null && row.stopping === null)) return false
  return machine.stop === null || (row.cancelForced && !machine.stop.forced)
}

export class RunAdvancer {
  readonly #store: SchedulingStore
  readonly #after: (advanced: Advanced) => void
  readonly #offers: Offers
  readonly #lives = new Map<string, LiveRun>()
  readonly #mail = new Map<string, Entry[]>()
  readonly #working = new Map<string, Promise<void>>()

  /** @param after is called when a transaction has committed; it must not throw */
  constructor(store: SchedulingStore, after: (advanced: Advanced) => void, offers: Offers = () => []) {
    this.#store = store
    this.#after = after
    this.#offers = offers
  }

  /** Resolves when it is written: true when at least one event was accepted. */
  async apply(runId: string, prepare: Prepare): Promise<boolean> {
    return this.#post(runId, prepare, false)
  }

  /**
   * The same for a claim. In its transaction it comes last: what a mark, a cancel or a moment that is due ends needs no
   * attempt, and none is made in a run that is over (R17).
   */
  async applyClaim(runId: string, prepare: Prepare): Promise<boolean> {
    return this.#post(runId, prepare, true)
  }

  async #post(runId: string, prepare: Prepare, claims: boolean): Promise<boolean> {
    return new Promise((done, failed) => {
      this.#mail.set(runId, [...(this.#mail.get(runId) ?? []), { prepare, claims, done, failed }])
      if (!this.#working.has(runId)) this.#working.set(runId, this.#drain(runId))
    })
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working.values())
  }

  async #drain(runId: string): Promise<void> {
    for (let entries = this.#mail.get(runId); entries !== undefined; entries = this.#mail.get(runId)) {
      this.#mail.delete(runId)
      try {
        await this.#advance(
          runId,
          entries.toSorted((a, b) => Number(a.claims) - Number(b.claims)),
        )
      } catch (error) {
        this.#lives.delete(runId)
        for (const entry of entries) entry.failed(error)
      }
    }
    this.#working.delete(runId)
  }

  async #advance(runId: string, entries: Entry[]): Promise<void> {
    for (let tries = 1; ; tries++) {
      // Only a first try takes offers: what makes a claim fail keeps no end from being written.
      const offered: Entry[] = []
      let told: () => void
      try {
        told = await this.#tryAdvance(runId, entries, tries === 1 ? offered : null)
      } catch (error) {
        for (const entry of offered) entry.failed(error)
        const again = wasUndone(error) || (offered.length > 0 && !isOutage(error))
        if (!again || tries === mostTries) throw error
        continue
      }
      return told()
    }
  }

  /**
   * @param offered gets what claims came on top of the entries; null: none may come
   * @returns what tells all of them that it is committed
   */
  async #tryAdvance(runId: string, entries: readonly Entry[], offered: Entry[] | null): Promise<() => void> {
    const accepted = new Map<Entry, boolean>()
    const advanced = await this.#store.transaction(async (tx) => {
      const row = await tx.lockRun(runId)
      if (row === null) return null
      const cached = this.#lives.get(runId)
      // Out of the cache until it is committed: what fails half way is read again.
      this.#lives.delete(runId)
      const live =
        cached !== undefined && cached.row.revision === row.revision
          ? { ...cached, row }
          : await loadLiveRun(tx, row)
      return this.#decideAll(tx, live, { entries, offered, accepted })
    })
    if (advanced !== null && !isTerminalRun(advanced.live.machine.run)) this.#lives.set(runId, advanced.live)
    return () => {
      for (const entry of [...entries, ...(offered ?? [])]) entry.done(accepted.get(entry) === true)
      if (advanced !== null) this.#after(advanced)
    }
  }

  async #decideAll(tx: Session, live: LiveRun, work: Work): Promise<Advanced> {
    const { now } = live.row
    const writes = new Map<string, Write>()
    const before = live.machine.run
    const advanced: Advanced = { live, actions: [], changed: false, queued: false, past: false, dueMs: null }
    let reason: Reason | null = null
    const isDue = (at: number | null) => {
      if (at !== null) advanced.dueMs = Math.min(advanced.dueMs ?? Infinity, at - now)
    }
    const run = (event: RunEvent): boolean => {
      const decision = decide(live.machine, event, now)
      if (decision.kind === 'refused') return false
      for (const { node, item, from, to } of decision.items) {
        const id = live.ids[node]?.[item] ?? ''
        writes.set(id, { id, from: writes.get(id)?.from ?? from, to, place: { node, item } })
        isDue(to.dueAt)
        if (isTerminalTaskRun(to.state) && live.identity.spec.tasks[node]?.depends_on_past === true)
          advanced.past = true
      }
      advanced.actions.push(...decision.actions)
      if (decision.run !== null) reason = decision.run.reason
      return true
    }
    if (endWanted(live)) advanced.changed = run({ kind: 'cancel_requested', forced: live.row.cancelForced })
    const batch: Batch = { slots: new Map(), tasks: 0 }
    const carryOut = async (entry: Entry) => {
      const events = await entry.prepare(tx, live, batch)
      const results = (events ?? []).map(run)
      work.accepted.set(entry, results.includes(true))
      advanced.changed ||= results.includes(true)
    }
    const queued = () =>
      [...writes.values()].flatMap(({ to, place }) => (to.state === 'queued' ? [place] : []))
    for (const entry of work.entries) await carryOut(entry)
    if (work.offered !== null && queued().length > 0) work.offered.push(...this.#offers(live, queued()))
    for (const entry of work.offered ?? []) await carryOut(entry)
    advanced.queued = queued().length > 0
    if (advanced.changed) {
      isDue(live.machine.dueAt)
      await this.#write(tx, live, [...writes.values()], before, reason)
    }
    return advanced
  }

  async #write(
    tx: Session,
    live: LiveRun,
    writes: readonly TaskRunWrite[],
    before: string,
    reason: Reason | null,
  ): Promise<void> {
    const { run, stop, dueAt } = live.machine
    const written = await tx.writeState(live.row.id, {
      tasks: writes,
      run: {
        change: run === before ? null : { to: run, reason },
        stop,
        dueAt,
        served: writes.some(({ to }) => to.state === 'starting'),
      },
      now: live.row.now,
      topics: [`run:${live.row.id}`, ...(run === before ? [] : [`dag:${live.row.dagId}`])],
    })
    if (written !== writes.length)
      throw new Error(`run ${live.row.id}: ${written} of ${writes.length} task runs could be written`)
    live.row = { ...live.row, revision: live.row.revision + 1, state: run }
  }
}
