/** A real HTTP server that lists and watches the pods of a store, with faults by a plan in front of it. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Random } from '#workers/simulation/random.ts'
import { drawListCut, drawWatchCut, mostListFaults, type Cut, type FaultPlan } from './fault-plan.ts'
import { EventStream } from './event-stream.ts'
import { Outbox } from './outbox.ts'
import type { PodStore } from './pod-store.ts'
import type { Timing } from '../timing.ts'

export interface Scene {
  store: PodStore
  plan: FaultPlan
  random: Random
  timing: Timing
}

const honest: Cut = { kind: 'none' }
const status = (code: number, reason: string, message: string) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message,
  reason,
  code,
})
const expired = status(410, 'Expired', 'too old resource version: 1 (2)')

/** One seed at the server. */
export class ScenePlay {
  readonly #scene: Scene
  /** When watches and lists were asked for; ms. */
  readonly watchesAt: number[] = []
  readonly listsAt: number[] = []
  /** What it asked to be left alone until, and who did not. */
  #alone = 0
  impatient = 0
  /** Since the last list that came to its end. */
  #listFaults = 0

  constructor(scene: Scene) {
    this.#scene = scene
  }

  get #now(): number {
    return this.#scene.timing.elapsed()
  }
  get #isOver(): boolean {
    return this.#now >= this.#scene.plan.until
  }

  answer(request: IncomingMessage, response: ServerResponse): void {
    const { searchParams } = new URL(request.url ?? '/', 'http://x')
    if (this.#now < this.#alone) this.impatient++
    const { plan, random } = this.#scene
    if (searchParams.get('watch') === 'true') {
      this.watchesAt.push(this.#now)
      this.#watch(searchParams, response, this.#isOver && !plan.isOff ? honest : drawWatchCut(plan, random))
      return
    }
    if (searchParams.get('continue') === null) this.listsAt.push(this.#now)
    const cut = this.#isOver ? honest : drawListCut(plan, random, this.#listFaults)
    if (cut.kind !== 'none') this.#listFaults = cut.kind === 'hang' ? mostListFaults : this.#listFaults + 1
    this.#list(searchParams, response, cut)
  }

  /** @returns whether there is nothing more to answer */
  #instead(response: ServerResponse, cut: Cut): boolean {
    if (cut.kind === 'hang') return true
    if (cut.kind === 'reset') {
      response.socket?.resetAndDestroy()
      return true
    }
    if (cut.kind !== 'status') return false
    if (cut.retryAfter !== undefined) {
      this.#alone = this.#now + cut.retryAfter * 1000
      response.setHeader('retry-after', cut.retryAfter)
    }
    this.#json(response, cut.status, status(cut.status, 'InternalError', 'a fault'))
    return true
  }

  #json(response: ServerResponse, code: number, body: unknown): void {
    response.writeHead(code, { 'content-type': 'application/json' })
    const out = new Outbox(response, this.#scene.random)
    out.text(`${JSON.stringify(body)}\n`)
    out.end()
  }

  #list(query: URLSearchParams, response: ServerResponse, cut: Cut): void {
    if (this.#instead(response, cut)) return
    const { store } = this.#scene
    const [version, from] = (query.get('continue') ?? `${store.version}:0`).split(':').map(Number) as [
      number,
      number,
    ]
    if (cut.kind === 'forgotten' || version < store.compacted) return this.#json(response, 410, expired)
    const all = store.at(version)
    const to = query.get('limit') === null ? all.length : from + Number(query.get('limit'))
    const metadata = {
      resourceVersion: String(version),
      ...(to < all.length ? { continue: `${version}:${to}`, remainingItemCount: all.length - to } : {}),
    }
    const list = { kind: 'PodList', apiVersion: 'v1', metadata, items: all.slice(from, to) }
    if (to >= all.length && cut.kind === 'none') this.#listFaults = 0
    if (cut.kind === 'none') return this.#json(response, 200, list)
    response.writeHead(200, { 'content-type': 'application/json' })
    new Outbox(response, this.#scene.random).break(JSON.stringify(list), cut)
  }

  #watch(query: URLSearchParams, response: ServerResponse, cut: Cut): void {
    if (this.#instead(response, cut)) return
    const { store, timing } = this.#scene
    const version = Number(query.get('resourceVersion'))
    // As after a compaction: the same version is refused until there was a list.
    if (cut.kind === 'forgotten') store.compacted = Math.max(store.compacted, version + 1)
    if (version < store.compacted) {
      if (cut.kind === 'forgotten' && !cut.inStream) return this.#json(response, 410, expired)
      return this.#json(response, 200, { type: 'ERROR', object: expired })
    }
    response.writeHead(200, { 'content-type': 'application/json' })
    response.flushHeaders()
    const stream = new EventStream(this.#scene, new Outbox(response, this.#scene.random), cut)
    for (const change of store.changes) if (change.version > version) stream.send(change)
    const ends = [
      store.listen((change) => stream.send(change)),
      timing.after(Number(query.get('timeoutSeconds')) * 1000, () => {
        stream.bookmark()
        stream.end()
      }),
    ]
    const tick = () => {
      stream.bookmark()
      ends[2] = timing.after(60_000, tick)
    }
    ends.push(timing.after(60_000, tick))
    response.on('close', () => {
      for (const end of ends) end()
    })
  }
}

/** One server for many seeds, one after the other. */
export class FakeApiServer {
  readonly #server: Server
  play: ScenePlay | null = null

  constructor() {
    this.#server = createServer((request, response) => {
      if (this.play === null) response.destroy()
      else this.play.answer(request, response)
    })
    // Its own bounds are of real time.
    this.#server.keepAliveTimeout = 0
    this.#server.requestTimeout = 0
    this.#server.headersTimeout = 0
  }

  /** @returns its address */
  async listen(): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }
}
