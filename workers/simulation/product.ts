/** One machine of the simulation with the product on it: the product's own code, on a simulated database. */
import { Readable } from 'node:stream'
import type { Logger } from 'pino'
import { enqueueChannel } from '#db/queries/live.ts'
import { backSeconds, leaseMs } from '#server/config/lease.ts'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { Clerk } from '../executors/pool/clerk.ts'
import { RemoteWorker } from '../executors/pool/remote-worker.ts'
import type { Served } from '../executors/pool/roster.ts'
import { CronEnqueuer } from '../scheduler/cron-enqueuer.ts'
import type { Effects } from '../scheduler/effects.ts'
import { pollMs } from '../scheduler/enqueuers.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { Wakeful } from '../scheduler/wakeful.ts'
import { SimulatedExecutor, type Behaviour } from './executor.ts'
import type { History } from './history.ts'
import { Host } from './host.ts'
import { logInto } from './logs.ts'
import type { SimulatedDatabase } from './store/database.ts'
import type { Life, World } from './world.ts'

/** Seconds of a lease of the pool: longer than an attempt may be on its way, as the product's are, but less so. */
export const poolLeaseSeconds = 120
const noBlobs = { read: () => Promise.resolve(Readable.from([])) }

export interface Surroundings {
  world: World
  database: SimulatedDatabase
  history: History
  behaviour: Behaviour
  /** Task runs that may be active at once in the whole deployment; null: any number. */
  parallelism: number | null
  /** Chance that a job is handed over twice. */
  doubled: () => number
  /** Seconds of a lease of the pool, where it is not `poolLeaseSeconds`. */
  poolLease?: number
}

export class Product extends Host {
  readonly patience = [leaseMs]
  readonly #around: Surroundings
  executor: SimulatedExecutor | null = null
  /** Who serves workers of the pool; null: nobody listens. */
  clerk: Clerk | null = null
  /** Workers of the pool as its scheduler sees them. */
  readonly remotes = new Set<RemoteWorker>()
  /** What breaks each call that workers have open here. */
  readonly calls = new Set<() => void>()

  constructor(name: string, around: Surroundings) {
    super(name, around.world, around.history)
    this.#around = around
  }

  #effects(life: Life): Effects {
    const { world } = this.#around
    return {
      after: (ms, work) => world.after(ms, life, work),
      elapsed: () => world.now - this.slept,
      sinceBoot: () => world.now,
      token: () => `token-${Math.floor(world.random.next() * 2 ** 48)}`,
      random: () => world.random.next(),
      // A bound of real time would make it depend on the machine.
      within: (work) => work(),
      fullDisk: () => null,
      parallelism: this.#around.parallelism,
      secrets: () => Promise.resolve({}),
    }
  }

  /** As workers/main.ts does. */
  protected async begin(life: Life): Promise<void> {
    const { database, history, poolLease = poolLeaseSeconds } = this.#around
    const { machine } = this
    const store = database.storeFor(life)
    const effects = this.#effects(life)
    const log = logInto(history, life.name)
    const scheduler = new Scheduler(store, log, life.name, noBlobs, effects)
    const executor = new SimulatedExecutor({
      ...this.#around,
      life,
      machine,
      sink: scheduler.sink,
      capacity: 3,
      released: (token) => scheduler.released(token),
    })
    this.executor = executor
    await store.registerWorker({ id: life.name, host: machine.name, pid: 1 })
    await executor.endOrphans(await store.attemptsOfEarlierLives(machine.name, life.name))
    await store.graceLeases(backSeconds)
    await scheduler.start(executor)
    this.clerk = new Clerk({
      store,
      sink: scheduler.sink,
      scheduler: this.#watched(scheduler),
      leaseSeconds: poolLease,
      after: effects.after,
    })
    await this.#startCron(store, log, effects)
  }

  /** The scheduler, and what the clerk says to it. */
  #watched(scheduler: Scheduler): Served {
    return {
      serve: (executor) => {
        if (executor instanceof RemoteWorker) this.remotes.add(executor)
        scheduler.serve(executor)
      },
      retire: (executor) => {
        if (executor instanceof RemoteWorker) this.remotes.delete(executor)
        scheduler.retire(executor)
      },
      released: (token) => scheduler.released(token),
    }
  }

  async #startCron(store: SchedulingStore, log: Logger, effects: Effects): Promise<void> {
    const cron = new CronEnqueuer(store, log, effects)
    const loop = new Wakeful(
      () => cron.look(),
      pollMs,
      (error) => log.error({ err: error }, 'what is due could not be looked at'),
      effects,
    )
    await store.listen(
      enqueueChannel,
      (why) => {
        if (why === 'schedule' || (why === 'place' && cron.waits)) loop.wake()
      },
      () => loop.wake(),
    )
  }

  protected died(life: Life, cutOff: boolean): void {
    const { world, database } = this.#around
    this.executor = null
    this.clerk = null
    this.remotes.clear()
    if (cutOff) database.heldUntil = world.now + database.idleMs
    world.after(cutOff ? database.idleMs : world.random.spread(20), null, () => database.disconnect(life))
    const calls = [...this.calls]
    this.calls.clear()
    if (!cutOff) for (const broke of calls) broke()
  }

  /** The database does not wait for ever for the next statement of a transaction. */
  protected paused(life: Life, ms: number): void {
    const { world, database } = this.#around
    if (ms > database.idleMs)
      world.after(database.idleMs, null, () => life.paused && database.disconnect(life))
  }
}
