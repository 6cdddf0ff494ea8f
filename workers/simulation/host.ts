/** A machine of the simulation with one process of ours on it, which may die, be paused, be lost, and start again. */
import type { Machine } from './executor.ts'
import type { History } from './history.ts'
import { Life, type World } from './world.ts'

export abstract class Host {
  readonly machine: Machine
  readonly #world: World
  readonly #history: History
  #lives = 0
  life: Life | null = null
  /** ms for which its machine slept: its own clock leaves them out. */
  slept = 0

  constructor(name: string, world: World, history: History) {
    this.machine = { name, codes: new Map(), processes: 0 }
    this.#world = world
    this.#history = history
  }

  get alive(): boolean {
    return this.life !== null
  }

  /** A start that fails is made again, as whoever supervises it does. */
  start(): void {
    const life = new Life(`${this.machine.name}.${++this.#lives}`)
    this.life = life
    this.begin(life).catch((error: unknown) => {
      if (life.dead) return
      this.#history.add({ kind: 'log', text: `${life.name} could not start: ${(error as Error).message}` })
      this.restart(1000)
    })
  }

  restart(afterMs: number): void {
    this.kill()
    this.#world.after(afterMs, null, () => !this.alive && this.start())
  }

  get isPaused(): boolean {
    return this.life?.paused === true
  }

  /** ms of pauses after which others may take it for gone. */
  abstract readonly patience: readonly number[]

  protected abstract begin(life: Life): Promise<void>

  /** What others see of its death. @param cutOff nobody closes the connections of a machine that is cut off */
  protected abstract died(life: Life, cutOff: boolean): void

  /** What others do who wait for it for so long. */
  protected abstract paused(life: Life, ms: number): void

  /** As kill -9: its code lives on. */
  kill(cutOff = false): void {
    const { life } = this
    if (life === null) return
    life.dead = true
    this.life = null
    this.died(life, cutOff)
  }

  /** As SIGSTOP, or a machine that nobody reaches. @param asleep as a machine that is put to sleep */
  pause(ms: number, asleep = false): void {
    const { life } = this
    if (life === null || life.paused) return
    life.paused = true
    this.#world.after(ms, null, () => {
      // One that was killed meanwhile has begun anew, awake.
      if (asleep && this.life === life) this.slept += ms
      this.#world.wake(life)
    })
    this.paused(life, ms)
  }

  /** It is gone with all that runs on it, and does not come back under this name. */
  loseMachine(): void {
    this.kill(this.#world.random.chance(0.5))
    for (const exit of this.machine.codes.values()) exit()
    this.machine.name += "'"
  }
}
