/** What goes wrong while a simulation goes on, each fault at a moment of chance. */
import { goodNetwork } from './desk-line.ts'
import type { History } from './history.ts'
import type { Host } from './host.ts'
import type { PoolMachine } from './pool-machine.ts'
import { poolLeaseSeconds, type Product } from './product.ts'
import { quiet, type SimulatedDatabase } from './store/database.ts'
import type { World } from './world.ts'

export interface Troubled {
  world: World
  database: SimulatedDatabase
  history: History
  products: readonly Product[]
  machines: readonly PoolMachine[]
}

export class Troublemaker {
  readonly #world: World
  readonly #database: SimulatedDatabase
  readonly #history: History
  readonly #machines: readonly PoolMachine[]
  readonly #hosts: readonly Host[]

  constructor({ world, database, history, products, machines }: Troubled) {
    this.#world = world
    this.#database = database
    this.#history = history
    this.#machines = machines
    this.#hosts = [...products, ...machines]
  }

  /** How bad messages are for a while. */
  turnWeather(): void {
    const { random } = this.#world
    this.#database.chances = {
      latency: random.pick([0.5, 2, 2, 10, 100]),
      broken: random.pick([0, 0, 0.002, 0.01]),
      lostAnswer: random.pick([0, 0, 0.005, 0.03]),
      lostNote: random.pick([0, 0, 0.3, 1]),
      doubleNote: random.pick([0, 0.2]),
    }
    for (const machine of this.#machines)
      machine.network = { latency: random.pick([1, 5, 50, 500]), lost: random.pick([0, 0, 0.02, 0.2]) }
  }

  /** No more trouble: whoever is dead starts. Whoever is paused goes on in his time. */
  calm(): void {
    this.#database.chances = quiet
    for (const machine of this.#machines) {
      machine.network = goodNetwork
      machine.cutUntil = 0
    }
    for (const host of this.#hosts) if (!host.alive) host.start()
  }

  #fault(text: string): void {
    this.#history.add({ kind: 'fault', text })
  }

  strike(): void {
    const { random } = this.#world
    const host = random.pick(this.#hosts)
    const chance = random.next()
    if (chance < 0.35) return this.#kill(host)
    if (chance < 0.55) return this.#pause(host)
    if (chance < 0.6) return this.#loseMachine(host)
    if (chance < 0.7) return this.#jump()
    if (chance < 0.8) {
      this.#fault('the database is killed and comes back')
      return this.#database.restart()
    }
    if (chance < 0.85) return this.#cut(random.pick(this.#machines))
    if (chance < 0.9) return this.#drain(random.pick(this.#machines))
    this.turnWeather()
    this.#fault(`messages: ${JSON.stringify(this.#database.chances)}`)
  }

  /** Between the record of an effect and its answer, where chance alone seldom comes. @param lives of those concerned */
  atGate(lives: readonly (string | null)[]): void {
    const { random } = this.#world
    for (const host of this.#hosts) {
      if (host.life === null || !lives.includes(host.life.name) || !random.chance(0.06)) continue
      const chance = random.next()
      if (chance < 0.33) this.#kill(host)
      else if (chance < 0.66) {
        this.#jump()
        this.#pause(host, random.spread(4000))
      } else this.#pause(host, this.#tooLong(host))
    }
  }

  #tooLong({ patience }: Host): number {
    const { random } = this.#world
    return random.pick(patience) + 2000 + random.spread(10_000)
  }

  /** A worker that reaches no desk, for longer than its lease at times. */
  #cut(machine: PoolMachine): void {
    const { random } = this.#world
    const ms = random.pick([random.spread(5000), poolLeaseSeconds * 1000 + random.spread(10_000)])
    this.#fault(`${machine.machine.name} reaches no desk for ${Math.round(ms)} ms`)
    machine.cutUntil = this.#world.now + ms
  }

  #drain(machine: PoolMachine): void {
    const ms = this.#world.random.pick([0, this.#world.random.spread(5000)])
    this.#fault(`${machine.machine.name} is drained for ${Math.round(ms)} ms`)
    machine.drain(ms)
  }

  #kill(host: Host): void {
    const { random } = this.#world
    if (!host.alive) return
    const ms = random.pick([0, 100, 3000, random.spread(20_000)])
    this.#fault(`${host.life?.name} is killed, and starts again after ${Math.round(ms)} ms`)
    host.restart(ms)
  }

  #pause(host: Host, given: number | null = null): void {
    const { random } = this.#world
    const ms = given ?? random.pick([random.spread(2000), this.#tooLong(host)])
    const asleep = random.chance(0.5)
    this.#fault(`${host.life?.name} ${asleep ? 'sleeps' : 'is paused'} for ${Math.round(ms)} ms`)
    host.pause(ms, asleep)
  }

  #loseMachine(host: Host): void {
    const ms = this.#world.random.spread(5000)
    this.#fault(`the machine of ${host.life?.name} is lost; another one comes after ${Math.round(ms)} ms`)
    host.loseMachine()
    this.#world.after(ms, null, () => !host.alive && host.start())
  }

  #jump(): void {
    const { random } = this.#world
    const ms = random.pick([-30_000, -2000, 5000, 40_000, 3_600_000])
    this.#database.skew += ms
    this.#history.add({ kind: 'jump', text: `the database's clock jumps by ${ms} ms` })
  }
}
