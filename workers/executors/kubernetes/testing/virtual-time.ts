/**
 * Virtual time beside real sockets of this process: the next timer is due when nothing is on its way between the two ends of any
 * connection and every promise has done what it can. So a seed takes milliseconds and is the same on a slow machine.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { Socket } from 'node:net'
import type { Random } from '#workers/simulation/random.ts'
import type { Timing } from '../timing.ts'

interface Timer {
  at: number
  n: number
  work: () => void
}

/** Turns of the event loop, each with a look at all sockets, without anything happening. */
const quietTurns = 4
/** More turns than any moment needs: something goes round and round. */
const mostTurns = 200_000

/** The sockets of this process, by the port of their client's end. */
export class Sockets {
  readonly #clients = new Set<Socket>()
  readonly #servers = new Map<number, Socket>()
  readonly #onClient = (message: unknown) => {
    const { socket } = message as { socket: Socket }
    this.#clients.add(socket)
  }
  readonly #onServer = (message: unknown) => {
    const { socket } = message as { socket: Socket }
    if (socket.remotePort !== undefined) this.#servers.set(socket.remotePort, socket)
  }

  constructor() {
    subscribe('net.client.socket', this.#onClient)
    subscribe('net.server.socket', this.#onServer)
  }

  close(): void {
    unsubscribe('net.client.socket', this.#onClient)
    unsubscribe('net.server.socket', this.#onServer)
  }

  /** Changes with every byte that was written or read. */
  get bytes(): number {
    let sum = 0
    for (const socket of this.#clients) sum += socket.bytesRead + socket.bytesWritten
    return sum
  }

  /** Whether anything is on its way: a connection that is being made, bytes, an end. */
  get isFlowing(): boolean {
    for (const client of this.#clients) {
      if (client.destroyed && client.closed) {
        const server = client.localPort === undefined ? undefined : this.#servers.get(client.localPort)
        if (server !== undefined && !server.closed) return true
        this.#clients.delete(client)
        continue
      }
      if (client.connecting || client.localPort === undefined) return true
      const server = this.#servers.get(client.localPort)
      if (server === undefined || server.destroyed) return true
      if (server.bytesWritten !== client.bytesRead || client.bytesWritten !== server.bytesRead) return true
    }
    return false
  }
}

export class VirtualTime implements Timing {
  readonly #sockets: Sockets
  readonly #random: Random
  #timers: Timer[] = []
  #now = 0
  #n = 0

  constructor(sockets: Sockets, random: Random) {
    this.#sockets = sockets
    this.#random = random
  }

  elapsed = (): number => this.#now
  random = (): number => this.#random.next()
  after = (ms: number, work: () => void): (() => void) => {
    const timer = { at: this.#now + Math.max(0, ms), n: this.#n++, work }
    this.#timers.push(timer)
    return () => {
      const at = this.#timers.indexOf(timer)
      if (at >= 0) this.#timers.splice(at, 1)
    }
  }

  /** Until this moment. @throws Error when a moment does not come to rest */
  async run(until: number): Promise<void> {
    for (;;) {
      await this.settled()
      const next = this.#timers.reduce<Timer | null>(
        (first, one) =>
          first === null || one.at < first.at || (one.at === first.at && one.n < first.n) ? one : first,
        null,
      )
      if (next === null || next.at > until) break
      this.#timers.splice(this.#timers.indexOf(next), 1)
      this.#now = next.at
      next.work()
    }
    this.#now = until
  }

  /** Resolves when nothing happens any more at this moment. */
  async settled(): Promise<void> {
    let [quiet, bytes] = [0, -1]
    for (let turn = 0; quiet < quietTurns; turn++) {
      if (turn > mostTurns) throw new Error(`at ${this.#now} ms it comes to no rest`)
      await new Promise((done) => setImmediate(done))
      quiet = !this.#sockets.isFlowing && this.#sockets.bytes === bytes ? quiet + 1 : 0
      bytes = this.#sockets.bytes
    }
  }
}
