/** What goes wrong while a simulation goes on, each fault at a moment of chance. */
import type { History } from './history.ts'
import type { Product } from './product.ts'
import type { Chances, SimulatedDatabase } from './store/database.ts'
import type { World } from './world.ts'

/** ms that a lease is good for, and more. */
const pastLeaseMs = 32_000

export class Troublemaker {
  readonly #world: World
  readonly #database: SimulatedDatabase
  readonly #history: History
  readonly #products: readonly Product[]

  constructor(world: World, database: SimulatedDatabase, history: History, products: readonly Product[]) {
    this.#world = world
    this.#database = database
    this.#history = history
    this.#products = products
  }

  /** How bad messages are for a while. */
  weather(): Chances {
    const { random } = this.#world
    return {
      latency: random.pick([0.5, 2, 2, 10, 100]),
      broken: random.pick([0, 0, 0.002, 0.01]),
      lostAnswer: random.pick([0, 0, 0.005, 0.03]),
      lostNote: random.pick([0, 0, 0.3, 1]),
      doubleNote: random.pick([0, 0.2]),
    }
  }

  #fault(text: string): void {
    this.#history.add({ kind: 'fault', text })
  }

  strike(): void {
    const { random } = this.#world
    const product = random.pick(this.#products)
    const chance = random.next()
    if (chance < 0.4) return this.#kill(product)
    if (chance < 0.6) return this.#pause(product)
    if (chance < 0.65) return this.#loseMachine(product)
    if (chance < 0.75) return this.#jump()
    if (chance < 0.85) {
      this.#fault('the database is killed and comes back')
      return this.#database.restart()
    }
    this.#database.chances = this.weather()
    this.#fault(`messages: ${JSON.stringify(this.#database.chances)}`)
  }

  /** Between the record of an effect and its answer, where chance alone seldom comes. */
  atGate(life: string): void {
    const { random } = this.#world
    const product = this.#products.find((one) => one.life?.name === life)
    if (product === undefined || !random.chance(0.04)) return
    if (random.chance(0.5)) this.#kill(product)
    else this.#pause(product, pastLeaseMs + random.spread(10_000))
  }

  #kill(product: Product): void {
    const { random } = this.#world
    if (!product.alive) return
    const ms = random.pick([0, 100, 3000, random.spread(20_000)])
    this.#fault(`${product.life?.name} is killed, and starts again after ${Math.round(ms)} ms`)
    product.kill()
    this.#world.after(ms, null, () => !product.alive && product.start())
  }

  #pause(product: Product, given: number | null = null): void {
    const { random } = this.#world
    const ms = given ?? random.pick([random.spread(2000), pastLeaseMs + random.spread(10_000)])
    this.#fault(`${product.life?.name} is paused for ${Math.round(ms)} ms`)
    product.pause(ms)
  }

  #loseMachine(product: Product): void {
    const ms = this.#world.random.spread(5000)
    this.#fault(`the machine of ${product.life?.name} is lost; another one comes after ${Math.round(ms)} ms`)
    product.loseMachine()
    this.#world.after(ms, null, () => !product.alive && product.start())
  }

  #jump(): void {
    const { random } = this.#world
    const ms = random.pick([-30_000, -2000, 5000, 40_000, 3_600_000])
    this.#database.skew += ms
    this.#fault(`the database's clock jumps by ${ms} ms`)
  }
}
