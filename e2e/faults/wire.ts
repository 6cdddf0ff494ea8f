/**
 * A wire between a process and what it talks to, one of its own for each process: it can be cut for a while, and an answer
 * can be lost on it though what was asked for took place (`executed-but-timeout`).
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** Where the far end listens. */
export type Far = { path: string } | { host: string; port: number }

/** What becomes of what was under way when a wire that was cut is mended. */
export type Mended = 'late' | 'reset'

interface Loss {
  /** Texts that one connection must have sent, one after the other. */
  left: string[]
  /** Which connection that is: the first that sends the first of them. */
  on: Link | null
  /** Whether the connection is reset then; else the whole wire is cut, and the answer waits until it is mended. */
  reset: boolean
  lost: () => void
}

/** One connection through the wire. */
class Link {
  readonly #near: Socket
  readonly #far: Socket
  readonly #wire: Wire
  #silent = false
  #loss: Loss | null = null
  /** An answer that waits for the wire to be mended. */
  #kept: Buffer | null = null
  /** Ends that the other side does not know of yet. */
  readonly #untold: (() => void)[] = []
  /** What the connection calls a text that it has sent once and means again. */
  readonly #names = new Map<string, string>()

  constructor(near: Socket, far: Socket, wire: Wire) {
    this.#near = near
    this.#far = far
    this.#wire = wire
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      from.setNoDelay(true)
      from.on('data', (chunk: Buffer) => this.#carry(chunk, from, to))
      from.on('error', () => this.end())
      // What was written to the other end before is not lost for it.
      from.on('end', () => this.#tell(() => to.end()))
      from.on('close', () => this.#tell(() => this.#wire.forget(this)))
    }
  }

  /** At once, or when the wire is mended. */
  #tell(what: () => void): void {
    if (this.#silent) this.#untold.push(what)
    else what()
  }

  #carry(chunk: Buffer, from: Socket, to: Socket): void {
    if (from === this.#far) {
      this.#wire.heard()
      if (this.#loss !== null) return this.#lose(this.#loss, chunk)
    } else {
      const [, name, text] = this.#wire.naming?.exec(chunk.toString('latin1')) ?? []
      if (name !== undefined && text !== undefined) this.#names.set(text, `\0${name}\0`)
      this.#loss ??= this.#wire.losing(chunk, this)
    }
    if (to.write(chunk)) return
    from.pause()
    to.once('drain', () => this.#silent || from.resume())
  }

  #lose({ reset, lost }: Loss, answer: Buffer): void {
    this.#loss = null
    if (reset) this.end()
    else {
      this.#kept = answer
      this.#wire.cut()
    }
    lost()
  }

  /** Whether this sends the text, or what it has called it. */
  means(chunk: Buffer, text: string): boolean {
    const name = this.#names.get(text)
    return chunk.includes(text) || (name !== undefined && chunk.includes(name))
  }

  /** Nothing gets through, either way, and neither end hears of it. */
  hush(): void {
    this.#silent = true
    this.#near.pause()
    this.#far.pause()
  }

  speak(): void {
    this.#silent = false
    if (this.#kept !== null) this.#near.write(this.#kept)
    this.#kept = null
    this.#near.resume()
    this.#far.resume()
    for (const tell of this.#untold.splice(0)) tell()
  }

  /** Both ends hear that it is broken, as soon as they can hear. */
  end(): void {
    this.#tell(() => {
      this.#wire.forget(this)
      this.#near.resetAndDestroy()
      this.#far.destroy()
    })
  }
}

export class Wire {
  readonly #far: () => Far
  readonly #server: Server
  readonly #links = new Set<Link>()
  /** Connections that were begun while it was cut. */
  readonly #waiting = new Set<Socket>()
  #cut = false
  #loss: Loss | null = null
  /** The most connections there were at once. */
  most = 0
  /** ms since 1970 at which the far end was heard last. */
  heardAt = 0

  /** How a connection gives a text a name by which it sends it from then on: the name, and the text. */
  readonly naming: RegExp | null

  private constructor(far: () => Far, naming: RegExp | null) {
    this.#far = far
    this.naming = naming
    this.#server = createServer((near) => this.#come(near))
  }

  /** @param far is asked anew for each connection */
  static async lay(far: () => Far, naming: RegExp | null = null): Promise<Wire> {
    const wire = new Wire(far, naming)
    wire.#server.listen(0, '127.0.0.1')
    await once(wire.#server, 'listening')
    return wire
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port
  }

  get open(): number {
    return this.#links.size
  }

  #come(near: Socket): void {
    near.on('error', () => {})
    if (this.#cut) {
      near.pause()
      this.#waiting.add(near)
      return
    }
    this.#links.add(new Link(near, connect(this.#far()), this))
    this.most = Math.max(this.most, this.#links.size)
  }

  heard(): void {
    this.heardAt = Date.now()
  }

  /** What is lost, when this was the last that the connection had to send for its answer to be lost. */
  losing(chunk: Buffer, link: Link): Loss | null {
    const loss = this.#loss
    const [next] = loss?.left ?? []
    if (loss === null || next === undefined || (loss.on ?? link) !== link || !link.means(chunk, next))
      return null
    loss.on = link
    loss.left.shift()
    if (loss.left.length > 0) return null
    this.#loss = null
    return loss
  }

  /**
   * The next time that one connection sends these texts, one after the other, what it sent arrives, and the answer does not:
   * the connection is reset, or (`cut`) the wire is cut with the answer on it. Resolves with whether that came about within
   * `ms`.
   */
  async loseAnswer(to: readonly string[], ms: number, how: 'reset' | 'cut' = 'reset'): Promise<boolean> {
    const loss: Loss = { left: [...to], on: null, reset: how === 'reset', lost: () => {} }
    const lost = new Promise<boolean>((done) => (loss.lost = () => done(true)))
    this.#loss = loss
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((done) => (timer = setTimeout(() => done(false), ms)))
    const came = await Promise.race([lost, late])
    clearTimeout(timer)
    if (this.#loss === loss) this.#loss = null
    return came
  }

  cut(): void {
    this.#cut = true
    for (const link of this.#links) link.hush()
  }

  /** @param how `late`: what was sent meanwhile arrives now; `reset`: nothing of it does, and both ends hear that */
  mend(how: Mended): void {
    if (!this.#cut) return
    this.#cut = false
    for (const link of this.#links) link.speak()
    if (how === 'reset') for (const link of this.#links) link.end()
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const near of waiting)
      if (how === 'late' && !near.destroyed) this.#come(near.resume())
      else near.destroy()
  }

  forget(link: Link): void {
    this.#links.delete(link)
  }

  /** Ends every connection: the far end is there, and was away. */
  reset(): void {
    for (const link of this.#links) link.end()
  }

  close(): void {
    this.mend('reset')
    this.reset()
    this.#server.close()
  }
}
