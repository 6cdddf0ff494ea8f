/** One machine of the simulation with a worker of the pool on it: the product's own code, at the end of a simulated line. */
import { gateMs } from '#server/config/lease.ts'
import { PoolWorker } from '../executors/pool/pool-worker.ts'
import { DeskLine, goodNetwork, pauseOf, type Network } from './desk-line.ts'
import { SimulatedExecutor } from './executor.ts'
import { Host } from './host.ts'
import { logInto } from './logs.ts'
import { poolLeaseSeconds, type Product, type Surroundings } from './product.ts'
import type { Life } from './world.ts'

/** ms that what is ended has. */
const graceMs = 1000

export class PoolMachine extends Host {
  /** As long as an attempt may be on its way; as long as its lease, until it is given up. */
  readonly patience = [60_000, poolLeaseSeconds * 1000 + gateMs]
  readonly #around: Surroundings
  readonly #product: Product
  readonly #queues: string[]
  readonly #slots: number
  #line: DeskLine | null = null
  #worker: PoolWorker | null = null
  network: Network = goodNetwork
  /** Until when it reaches nobody; ms of virtual time. */
  cutUntil = 0

  constructor(name: string, around: Surroundings, at: { product: Product; queues: string[]; slots: number }) {
    super(name, around.world, around.history)
    this.#around = around
    this.#product = at.product
    this.#queues = at.queues
    this.#slots = at.slots
  }

  #networkNow(): Network {
    return this.#around.world.now < this.cutUntil ? { ...this.network, lost: 1 } : this.network
  }

  protected async begin(life: Life): Promise<void> {
    const { world, history } = this.#around
    const { machine } = this
    const line = new DeskLine({ world, life, product: this.#product, network: () => this.#networkNow() })
    this.#line = line
    const self = { id: life.name, host: machine.name, pid: 1, queues: this.#queues, slots: this.#slots }
    const worker = await PoolWorker.start({
      client: line,
      self,
      executor: (hands) => new SimulatedExecutor({ ...this.#around, ...hands, life, machine }),
      log: logInto(history, life.name),
      pause: pauseOf(world, life),
      sinceBoot: () => world.now,
    })
    this.#worker = worker
    const why = await worker.refused
    history.add({ kind: 'log', text: `${life.name} was refused: ${why.message}` })
    await worker.drain(0, graceMs)
    this.restart(1000)
  }

  /** As SIGTERM, and the next start. */
  drain(boundMs: number): void {
    const life = this.life
    if (life === null || this.#worker === null) return
    void this.#worker.drain(boundMs, graceMs).then(() => this.life === life && this.restart(0))
  }

  protected died(_life: Life, cutOff: boolean): void {
    if (!cutOff) this.#line?.closed()
    this.#line = null
    this.#worker = null
  }

  protected paused(): void {}
}
