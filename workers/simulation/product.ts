/** One machine of the simulation with the product on it, which may die and start again: the product's own code, on a simulated database. */
import { Readable } from 'node:stream'
import { pino } from 'pino'
import { enqueueChannel } from '#db/queries/live.ts'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { CronEnqueuer } from '../scheduler/cron-enqueuer.ts'
import type { Effects } from '../scheduler/effects.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { Wakeful } from '../scheduler/wakeful.ts'
import { SimulatedExecutor, type Behaviour, type Machine } from './executor.ts'
import type { History } from './history.ts'
import type { SimulatedDatabase } from './store/database.ts'
import { Life, type World } from './world.ts'

/** ms between two looks of the enqueuers at most. */
const cronPollMs = 15_000
const noBlobs = { read: () => Promise.resolve(Readable.from([])) }

export interface Surroundings {
  world: World
  database: SimulatedDatabase
  history: History
  behaviour: Behaviour
  /** Chance that a job is handed over twice. */
  doubled: () => number
}

const errorOf = (details: unknown) =>
  (details as { err?: { message?: string } } | undefined)?.err?.message ?? ''

const silent = pino({ level: 'silent' })

/** What the product logs, for the history. */
function logInto(history: History, name: string) {
  const note = (details: unknown, text: string) =>
    history.add({ kind: 'log', text: `${name}: ${text}: ${errorOf(details)}` })
  return Object.assign(Object.create(silent) as typeof silent, { error: note, warn: note })
}

export class Product {
  readonly machine: Machine
  readonly #around: Surroundings
  #lives = 0
  life: Life | null = null
  executor: SimulatedExecutor | null = null

  constructor(name: string, around: Surroundings) {
    this.machine = { name, codes: new Map() }
    this.#around = around
  }

  get alive(): boolean {
    return this.life !== null
  }

  /** As workers/main.ts does. A start that fails is made again, as the supervisor does. */
  start(): void {
    const life = new Life(`${this.machine.name}.${++this.#lives}`)
    this.life = life
    this.#start(life).catch((error: unknown) => {
      if (life.dead) return
      const { history, world } = this.#around
      history.add({ kind: 'log', text: `${life.name} could not start: ${(error as Error).message}` })
      this.kill()
      world.after(1000, null, () => !this.alive && this.start())
    })
  }

  async #start(life: Life): Promise<void> {
    const { world, database, history, behaviour, doubled } = this.#around
    const store = database.storeFor(life)
    const effects: Effects = {
      after: (ms, work) => world.after(ms, life, work),
      elapsed: () => world.now,
      token: () => `token-${Math.floor(world.random.next() * 2 ** 48)}`,
      random: () => world.random.next(),
      // A bound of real time would make it depend on the machine.
      within: (work) => work(),
    }
    const log = logInto(history, life.name)
    const scheduler = new Scheduler(store, log, life.name, noBlobs, effects)
    const { machine } = this
    const executor = new SimulatedExecutor({
      world,
      life,
      machine,
      history,
      behaviour,
      doubled,
      sink: scheduler.sink,
      capacity: 3,
      released: (token) => scheduler.released(token),
    })
    this.executor = executor
    await store.registerWorker({ id: life.name, host: machine.name, pid: 1 })
    await executor.endOrphans(await store.attemptsOfEarlierLives(machine.name, life.name))
    await scheduler.start(executor)
    await this.#startCron(store, log, effects)
  }

  async #startCron(store: SchedulingStore, log: ReturnType<typeof logInto>, effects: Effects): Promise<void> {
    const cron = new CronEnqueuer(store, log, effects)
    const loop = new Wakeful(
      () => cron.look(),
      cronPollMs,
      (error) => log.error({ err: error }, 'what is due could not be looked at'),
      effects.after,
    )
    await store.listen(enqueueChannel, (why) => {
      if (why === 'schedule' || (why === 'place' && cron.waits)) loop.wake()
    })
    loop.wake()
  }

  /** As kill -9: its code lives on, its connections are closed a moment later. */
  kill(closedAfter = this.#around.world.random.spread(20)): void {
    const { life } = this
    if (life === null) return
    life.dead = true
    this.life = null
    this.executor = null
    const { world, database } = this.#around
    world.after(closedAfter, null, () => database.disconnect(life))
  }

  /** As SIGSTOP, or a machine that nobody reaches. */
  pause(ms: number): void {
    const { life } = this
    if (life === null || life.paused) return
    const { world, database } = this.#around
    life.paused = true
    world.after(ms, null, () => world.wake(life))
    // The database does not wait for ever for the next statement of a transaction.
    if (ms > database.idleMs)
      world.after(database.idleMs, null, () => life.paused && database.disconnect(life))
  }

  wake(): void {
    if (this.life !== null) this.#around.world.wake(this.life)
  }

  /** Its machine is gone with all that runs on it, and does not come back under this name. */
  loseMachine(): void {
    const { world, database } = this.#around
    const cutOff = world.random.chance(0.5)
    // Nobody closes the connections of a machine that is cut off.
    if (cutOff) database.heldUntil = world.now + database.idleMs
    this.kill(cutOff ? database.idleMs : 0)
    for (const exit of this.machine.codes.values()) exit()
    this.machine.name += "'"
  }
}
