/**
 * The scheduler: admits runs, hands queued task runs to the executor, does what is due, ends what must end. Two loops,
 * since a task that is queued waits for its claim alone. They are woken by what it has itself written and by NOTIFY; a slow
 * poll is the safety net. Any number may run on one database.
 */
import type { Logger } from 'pino'
import { workChannel } from '#db/queries/live.ts'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import type { RunAction, RunEvent } from '#server/domain/run/decide.ts'
import { isTerminalRun } from '#server/domain/run/states.ts'
import type { BlobSource } from '#server/storage/read-lines.ts'
import { attemptEnd, type Executor } from '../executors/executor.ts'
import { Admitter } from './admitter.ts'
import { DatabaseSink } from './attempt-sink.ts'
import { Claimer } from './claimer.ts'
import { realEffects, type Effects } from './effects.ts'
import type { HeldAttempts } from './held-attempts.ts'
import { carryOutInterventions } from './interventions.ts'
import type { LiveRun } from './live-run.ts'
import { Overdue } from './overdue.ts'
import { Questions } from './questions.ts'
import { Isolation } from './isolation.ts'
import { Releases } from './releases.ts'
import { RunAdvancer, type Advanced, type Prepare } from './run-advancer.ts'
import { Wakeful } from './wakeful.ts'

/** ms between two looks when nothing wakes it. */
const pollMs = 2000

const just = (event: RunEvent) => () => Promise.resolve([event])
const nothing = () => Promise.resolve(null)
const sooner = (a: number | null, b: number | null) => (a === null ? b : b === null ? a : Math.min(a, b))

export class Scheduler {
  readonly sink: DatabaseSink
  readonly #store: SchedulingStore
  readonly #log: Logger
  readonly #runs: RunAdvancer
  readonly #isolation: Isolation
  readonly #overdue: Overdue
  readonly #claimer: Claimer
  readonly #questions: Questions
  readonly #admitter: Admitter
  readonly #releases: Releases
  readonly #fullDisk: Effects['fullDisk']
  /** Hands out what is queued. */
  readonly #claims: Wakeful
  /** All else. */
  readonly #sweeps: Wakeful
  readonly #executors = new Set<Executor>()
  #unlisten: (() => Promise<void>) | null = null

  constructor(
    store: SchedulingStore,
    log: Logger,
    workerId: string,
    blobs: BlobSource,
    effects: Effects = realEffects,
  ) {
    this.#store = store
    this.#log = log
    this.#runs = new RunAdvancer(
      store,
      (advanced) => this.#afterAdvance(advanced),
      (live, queued) => (this.#mayTake() ? this.#claimer.offers(live, queued) : []),
    )
    const held: HeldAttempts = new Map()
    this.sink = new DatabaseSink(store, this.#runs, held, effects)
    this.#isolation = new Isolation(log, effects.elapsed, {
      revision: (runId) => store.transaction(async (tx) => (await tx.lockRun(runId))?.revision ?? null),
      giveUp: (runId, times) => this.#giveUp(runId, times),
    })
    this.#overdue = new Overdue(effects.elapsed)
    this.#admitter = new Admitter(store, this.#runs, this.#isolation)
    this.#releases = new Releases(store, this.#runs, this.#isolation, log)
    this.#claimer = new Claimer({
      store,
      log,
      workerId,
      runs: this.#runs,
      sink: this.sink,
      isolation: this.#isolation,
      effects,
      held,
    })
    this.#fullDisk = effects.fullDisk
    this.#questions = new Questions(store, blobs, effects.within)
    const loop = (look: () => Promise<number | null>) =>
      new Wakeful(look, pollMs, (error) => log.error({ err: error }, 'the scheduler could not look'), effects)
    this.#claims = loop(() => this.#claim())
    this.#sweeps = loop(() => this.#sweep())
  }

  /** Starts to work. Executors write into `sink`; more of them may come and go. What threw can be called again. */
  async start(executor: Executor | null): Promise<void> {
    if (executor !== null) this.#executors.add(executor)
    // A question that was open when an earlier life ended is asked again.
    for (const id of await this.#store.runningRunIds()) await this.#apply(id, just({ kind: 'reconsidered' }))
    const wake = () => this.#wake()
    this.#unlisten = await this.#store.listen(workChannel, wake, wake)
  }

  /** Takes nothing new; resolves when what was under way is written. */
  async stop(): Promise<void> {
    await this.#unlisten?.()
    await Promise.all([this.#claims.stop(), this.#sweeps.stop()])
    await this.#releases.idle()
    // What a transaction under way has claimed is handed out, too.
    await this.#runs.idle()
    await this.#claimer.idle()
    await this.#runs.idle()
  }

  /** Another executor takes work from now on; or one that does has more room than before. */
  serve(executor: Executor): void {
    this.#executors.add(executor)
    this.#newWork()
  }

  /** It takes nothing new any more. */
  retire(executor: Executor): void {
    this.#executors.delete(executor)
  }

  /** The executor is rid of an attempt: there is room again. */
  released(token: string): void {
    this.#claimer.released(token)
    this.#claims.wake()
  }

  #wake(): void {
    this.#newWork()
    this.#sweeps.wake()
  }

  /** Something may be queued that nobody has looked at. */
  #newWork(): void {
    this.#claimer.unsettled()
    this.#claims.wake()
  }

  #mayTake(): boolean {
    return !this.#claims.stopped && this.#hasRoom()
  }

  /** Where a disk is full nothing new starts, and all that runs may end (R15). */
  #hasRoom(): boolean {
    return this.#fullDisk() === null
  }

  async #claim(): Promise<number | null> {
    for (const executor of this.#hasRoom() ? this.#executors : [])
      if (await this.#claimer.claim(executor, () => this.#claims.stopped)) this.#claims.wake()
    return null
  }

  async #sweep(): Promise<number | null> {
    // A run that is applied nothing to is ended, when its row says that it should be.
    for (const id of await this.#store.runsToEnd()) await this.#apply(id, endQueued)
    const lost = attemptEnd('lost', 'worker_lost', 'Its worker did not answer any more.')
    for (const { token, runId } of this.#overdue.look(await this.#store.expiredAttempts())) {
      const ended = await this.#isolation.attempt(runId, () => this.sink.ended(token, lost))
      // What it held of a pool or a limit, another run may wait for.
      if (ended === true) this.#newWork()
    }
    await carryOutInterventions(this.#store, this.#runs, this.#isolation)
    const next = await this.#due()
    // From now on, not from when all that waits has been admitted.
    if (next !== null) this.#sweeps.within(next)
    if (this.#hasRoom()) await this.#admitter.look()
    return null
  }

  /** As the advancer's, but a run that fails stalls no other. */
  async #apply(runId: string, prepare: Prepare): Promise<void> {
    await this.#isolation.attempt(runId, () => this.#runs.apply(runId, prepare))
  }

  /** Ends a run that fails the scheduler again and again: its user sees it, and nothing waits for it any more (R18). */
  async #giveUp(runId: string, times: number): Promise<void> {
    const message = `Dagbok could not take it any further: that failed ${times} times in a row. The log of the worker says why, under the run’s id.`
    await this.#store.transaction(async (tx) => {
      const row = await tx.lockRun(runId)
      if (row === null || !(await tx.giveUpRun(runId, message))) return
      await tx.announce([`run:${runId}`, `dag:${row.dagId}`])
      await tx.wakeScheduler()
      await tx.wakeEnqueuers('place')
    })
    this.#log.error({ run: runId, times }, 'a run was given up')
  }

  async #due(): Promise<number | null> {
    const runs = await this.#store.dueRuns()
    for (const { id } of runs.due)
      await this.#apply(id, (_tx, { machine, row }) => {
        const due = machine.dueAt !== null && machine.dueAt <= row.now
        return Promise.resolve(due ? [{ kind: 'run_due' }] : null)
      })
    const items = await this.#store.dueItems()
    await Promise.all(
      items.due.map(({ id, runId }) =>
        this.#apply(runId, (_tx, { places, machine, row }) => {
          const place = places.get(id)
          const dueAt = place === undefined ? null : machine.items[place.node]?.[place.item]?.dueAt
          const due = place !== undefined && dueAt != null && dueAt <= row.now
          return Promise.resolve(due ? [{ kind: 'due', ...place }] : null)
        }),
      ),
    )
    return sooner(runs.nextMs, items.nextMs)
  }

  #afterAdvance({ live, actions, changed, queued, past, dueMs }: Advanced): void {
    for (const action of actions) {
      if (action.kind === 'ask') continue
      const taskRunId = live.ids[action.node]?.[action.item] ?? ''
      this.#claimer.cancel(taskRunId, live.machine.stop?.why === 'timeout' ? 'timeout' : 'cancel')
    }
    const asked = actions.filter((action) => action.kind === 'ask')
    if (asked.length > 0)
      this.#answer(live, asked).catch((error: unknown) =>
        this.#log.error({ err: error, run: live.row.id }, 'what the core asked could not be answered'),
      )
    this.#releases.after(live, { past, over: changed && isTerminalRun(live.machine.run) })
    if (dueMs !== null) this.#sweeps.within(dueMs)
    // A run that was looked at and still waits wakes nobody: it would be looked at again at once.
    if (changed && live.machine.run !== 'running') this.#wake()
    else if (queued) this.#newWork()
  }

  async #answer(live: LiveRun, asked: Extract<RunAction, { kind: 'ask' }>[]): Promise<void> {
    const events: RunEvent[] = []
    for (const { what, node, item } of asked) {
      if (what === 'items') await this.#runs.apply(live.row.id, await this.#questions.items(live, node))
      else events.push(await this.#questions[what](live, { node, item }))
    }
    if (events.length > 0) await this.#runs.apply(live.row.id, () => Promise.resolve(events))
  }
}

/** A queued run ends at once; a running one by what the advancer sees in its row. */
const endQueued = async (_tx: unknown, { row }: LiveRun): Promise<RunEvent[] | null> =>
  row.state === 'queued' ? [{ kind: 'cancel_requested', forced: false }] : nothing()
