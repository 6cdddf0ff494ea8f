/** The way from a worker of the pool to the desk of a product: calls take time, get lost on the way or on the way back. */
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { AttemptEnd } from '../executors/executor.ts'
import type { Clerk } from '../executors/pool/clerk.ts'
import { DeskClient, type Ask, type pause } from '../executors/pool/desk-client.ts'
import type { Heartbeat, Poll, Registration, Starting } from '../executors/pool/protocol.ts'
import type { Product } from './product.ts'
import type { Life, World } from './world.ts'

/** How bad the network is. */
export interface Network {
  /** ms that a message takes, in the mean. */
  latency: number
  /** Chance of each message that it does not arrive. */
  lost: number
}

export const goodNetwork: Network = { latency: 2, lost: 0 }

const actor = { tokenId: 'workers', teamId: 'team', queue: null }
const noAnswer = () => new DagbokError('unavailable', 'nobody answers')

export const pauseOf =
  (world: World, life: Life): typeof pause =>
  (ms, signal) =>
    new Promise((done) => {
      const over = () => {
        callOff()
        signal?.removeEventListener('abort', over)
        done()
      }
      const callOff = world.after(ms, life, over)
      if (signal?.aborted === true) over()
      else signal?.addEventListener('abort', over)
    })

/** As the desk does. */
async function serve(clerk: Clerk, id: string, path: string, ask: Ask, gone: AbortSignal): Promise<unknown> {
  const { body, attempt = '' } = ask
  if (path === 'register') {
    const orphans = await clerk.register(actor, body as Registration)
    return { leaseSeconds: clerk.leaseSeconds, orphans }
  }
  const worker = await clerk.workerOf(id, actor)
  if (path === 'poll') return clerk.poll(worker, actor, body as Poll, gone)
  if (path === 'heartbeat') return clerk.heartbeat(worker, actor, body as Heartbeat)
  if (path === 'drain') return clerk.drain(worker, actor)
  if (path === 'stopped') return clerk.stopped(worker, actor)
  const held = await clerk.held(worker.id, attempt)
  if (path === 'attempt/end') return { ok: await clerk.end(held, body as AttemptEnd) }
  const starting = body as Starting
  if (path === 'attempt/submitted') return { ok: await clerk.submitted(held, starting.handle) }
  if (path === 'attempt/start') return clerk.start(held, starting)
  throw new Error(`nothing is under ${path}`)
}

const refusal = (error: unknown) =>
  error instanceof DagbokError && error.code !== 'internal'
    ? error
    : new DagbokError('internal', (error as Error).message)

export interface LineEnds {
  world: World
  life: Life
  product: Product
  network: () => Network
}

export class DeskLine extends DeskClient {
  readonly #ends: LineEnds
  /** What the desk hears of when this end is closed. */
  readonly #open = new Set<AbortController>()

  constructor(ends: LineEnds) {
    const { world, life } = ends
    super({
      url: '',
      token: '',
      workerId: life.name,
      random: () => world.random.next(),
      pause: pauseOf(world, life),
    })
    this.#ends = ends
  }

  /** Its process is dead: the desk sees its calls end. */
  closed(): void {
    for (const one of this.#open)
      this.#ends.world.after(this.#ends.network().latency, null, () => one.abort())
  }

  override async call<T>(path: string, ask: Ask = {}): Promise<T> {
    const { world, life, product } = this.#ends
    const { signal, patience = 30_000 } = ask
    signal?.throwIfAborted()
    const gone = new AbortController()
    this.#open.add(gone)
    const answer = Promise.withResolvers<unknown>()
    const fail = (why: unknown) => answer.reject(why)
    const broke = () => this.#carry(life, () => fail(noAnswer()), true)
    product.calls.add(broke)
    const late = world.after(patience, life, () => fail(noAnswer()))
    const aborted = () => fail(signal?.reason)
    signal?.addEventListener('abort', aborted)
    this.#carry(product.life, () => {
      if (product.clerk === null) broke()
      else void this.#serve(product.clerk, path, ask, gone.signal, answer)
    })
    try {
      return (await answer.promise) as T
    } finally {
      late()
      product.calls.delete(broke)
      signal?.removeEventListener('abort', aborted)
      gone.abort()
      this.#open.delete(gone)
    }
  }

  async #serve(
    clerk: Clerk,
    path: string,
    ask: Ask,
    gone: AbortSignal,
    { resolve, reject }: PromiseWithResolvers<unknown>,
  ): Promise<void> {
    const { life } = this.#ends
    try {
      const said = await serve(clerk, life.name, path, ask, gone)
      this.#carry(life, () => resolve(said))
    } catch (error) {
      this.#carry(life, () => reject(refusal(error)))
    }
  }

  /** Brings a message to a life; one that was dead already, or dies before, does not get it. */
  #carry(to: Life | null, told: () => void, sure = false): void {
    const { world, network } = this.#ends
    const { latency, lost } = network()
    if (!sure && world.random.chance(lost)) return
    world.after(world.random.spread(latency), to, told)
  }
}
