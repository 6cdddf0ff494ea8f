/**
 * Attempts of one machine of the simulation, as the process executor has them: behind the start gate, with heartbeats,
 * and with code that outlives a killed product until the next start ends it.
 */
import {
  attemptEnd,
  ownMachine,
  type AttemptEnd,
  type AttemptJob,
  type AttemptSink,
  type Executor,
  type OrphanedAttempt,
} from '../executors/executor.ts'
import { answeredTooLate, gateMs, heartbeatMs } from '#server/config/lease.ts'
import type { Json } from '#server/domain/json.ts'
import { stopped, tooLate as tooLateEnd } from '../executors/process/verdict.ts'
import type { History } from './history.ts'
import type { Life, World } from './world.ts'

/** What an attempt's code does when nobody ends it. */
export type Behaviour = (job: AttemptJob) => { ms: number; end: AttemptEnd }

export interface Machine {
  name: string
  /** Code that runs here, by token: calling it ends it. */
  codes: Map<string, () => void>
  /** How many processes were started here: each has a number of its own. */
  processes: number
}

interface Held {
  job: AttemptJob
  why: 'cancel' | 'timeout' | 'start' | 'stop' | 'fenced' | null
  ended: () => void
}

export interface SimulatedExecutorOptions {
  world: World
  life: Life
  machine: Machine
  history: History
  behaviour: Behaviour
  sink: AttemptSink
  released: (token: string) => void
  capacity: number
  /** Chance that a job is handed over twice. */
  doubled: () => number
  heartbeatMs?: number
}

export class SimulatedExecutor implements Executor {
  readonly name = 'process'
  readonly post = ownMachine
  readonly capacity: number
  readonly #options: SimulatedExecutorOptions
  readonly #held = new Map<string, Held>()

  constructor(options: SimulatedExecutorOptions) {
    this.#options = options
    this.capacity = options.capacity
    this.#beatLater()
  }

  get free(): number {
    return this.capacity - this.#held.size
  }

  submit(job: AttemptJob): Promise<void> {
    const { world, doubled } = this.#options
    return new Promise((submitted) => {
      const held: Held = { job, why: null, ended: () => {} }
      this.#held.set(job.token, held)
      void this.#see(held, submitted)
      // Handed over twice: only the gate keeps the second one from starting.
      if (world.random.chance(doubled())) void this.#again(held)
    })
  }

  /** A process behind the gate, as it is found again: the same one may ask twice. */
  #process() {
    const { machine } = this.#options
    return { machine: machine.name, pid: ++machine.processes }
  }

  #sleep(ms: number): Promise<void> {
    const { world, life } = this.#options
    return new Promise((done) => world.after(ms, life, done))
  }

  /** An answer that took longer is not believed: whoever asked may have been taken for lost, and the clock may have jumped. */
  async #passGate(token: string, process: Record<string, Json>): Promise<boolean> {
    const { world, sink } = this.#options
    const asked = world.now
    const passed = await sink.passGate(token, process)
    if (passed && world.now - asked > gateMs) throw answeredTooLate()
    return passed
  }

  async #again(held: Held): Promise<void> {
    const { world } = this.#options
    await this.#sleep(world.random.spread(200))
    const { token } = held.job
    const passed = await this.#passGate(token, this.#process()).catch(() => false)
    if (passed && this.#held.get(token) === held && !isEnded(held)) void this.#code(held)
  }

  async #see(held: Held, submitted: () => void): Promise<void> {
    const { token } = held.job
    let end: AttemptEnd | null
    try {
      end = await this.#execute(held, submitted)
    } catch {
      end = attemptEnd('lost', 'infrastructure_unknown', 'It could not be started on this machine.')
    }
    submitted()
    // Of what was handed over twice, nothing starts from here on.
    held.why ??= 'fenced'
    if (end !== null) await this.#write(token, end)
    this.#held.delete(token)
    // Nor does it outlive the attempt.
    held.ended()
    this.#options.released(token)
  }

  async #write(token: string, end: AttemptEnd): Promise<void> {
    for (let wait = 100; ; wait = Math.min(5000, wait * 2)) {
      try {
        await this.#options.sink.ended(token, end)
        return
      } catch {
        await this.#sleep(wait)
      }
    }
  }

  async #execute(held: Held, submitted: () => void): Promise<AttemptEnd | null> {
    const { world, life, sink } = this.#options
    const { token, startTimeout } = held.job
    const tooLate = world.after(startTimeout ?? Infinity, life, () => (held.why ??= 'start'))
    await this.#sleep(world.random.spread(20))
    const process = this.#process()
    // An executor may say that it has submitted before it asks the gate; one that asks at once says both with it.
    const said = world.random.chance(0.5) ? await sink.submitted(token, process) : true
    submitted()
    const passed = said && held.why === null && (await this.#passGate(token, process)) && !isEnded(held)
    tooLate()
    if (!passed)
      return held.why === 'stop'
        ? stopped
        : held.why === 'start'
          ? tooLateEnd
          : attemptEnd('cancelled', 'cancel_requested', null)
    return this.#code(held)
  }

  /** User code: a process of the machine, which a pause or the death of the product does not end. */
  async #code(held: Held): Promise<AttemptEnd | null> {
    const { world, life, machine, history, behaviour } = this.#options
    const { job } = held
    history.codeStarted(job, life.name)
    const natural = behaviour(job)
    const timeout = job.timeout ?? Infinity
    const late = timeout < natural.ms
    await new Promise<void>((over) => {
      let stopped = false
      const exit = () => {
        if (stopped) return
        stopped = true
        machine.codes.delete(job.token)
        history.codeEnded(job, life.name)
        // The product hears of the exit when it is awake.
        world.after(0, life, over)
      }
      machine.codes.set(job.token, exit)
      held.ended = exit
      world.after(Math.min(natural.ms, timeout), null, exit)
    })
    if (held.why === 'fenced') return null
    if (held.why === 'stop') return stopped
    if (held.why === 'cancel') return attemptEnd('cancelled', 'cancel_requested', null)
    return held.why === 'timeout' || late ? attemptEnd('failed', 'timeout', null) : natural.end
  }

  cancel(token: string, why: 'cancel' | 'timeout' | 'fenced'): void {
    const held = this.#held.get(token)
    if (held === undefined) return
    held.why ??= why
    const { world } = this.#options
    world.after(world.random.spread(50), null, () => held.ended())
  }

  #beatLater(): void {
    const { world, life } = this.#options
    world.after(this.#options.heartbeatMs ?? heartbeatMs, life, () => {
      void this.#beat().finally(() => this.#beatLater())
    })
  }

  async #beat(): Promise<void> {
    const tokens = [...this.#held.keys()]
    if (tokens.length === 0) return
    try {
      for (const [token, answer] of await this.#options.sink.heartbeat(tokens))
        if (answer !== 'go_on') this.cancel(token, answer)
    } catch {
      // The next one tells.
    }
  }

  async endOrphans(orphans: OrphanedAttempt[]): Promise<void> {
    const { machine, sink } = this.#options
    for (const exit of machine.codes.values()) exit()
    for (const { token } of orphans)
      await sink
        .ended(token, attemptEnd('lost', 'worker_lost', 'Dagbok was killed while it ran.'))
        .catch(() => false)
  }

  async stop(): Promise<void> {
    for (const held of this.#held.values()) {
      held.why ??= 'stop'
      held.ended()
    }
    while (this.#held.size > 0) await this.#sleep(10)
  }
}

/** Asked anew: it may have been ended while the gate was asked. */
const isEnded = (held: Held): boolean => held.why !== null
