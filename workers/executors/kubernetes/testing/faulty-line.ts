/** The line to a real API server: a proxy of TCP that resets, ends, freezes and shuts connections by seed, until it is told to leave off. */
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Random } from '#workers/simulation/random.ts'

export class FaultyLine {
  readonly #to: { host: string; port: number }
  readonly #random: Random
  readonly #server: Server
  readonly #open = new Set<Socket>()
  #isFaulty = true
  faults = 0

  constructor(to: { host: string; port: number }, random: Random) {
    this.#to = to
    this.#random = random
    this.#server = createServer((client) => this.#take(client))
  }

  async listen(): Promise<number> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    return (this.#server.address() as AddressInfo).port
  }

  /** No fault from now on, and none of what hangs. */
  calm(): void {
    this.#isFaulty = false
  }

  async close(): Promise<void> {
    for (const socket of this.#open) socket.destroy()
    await new Promise((done) => this.#server.close(done))
  }

  #take(client: Socket): void {
    const server = connect(this.#to)
    this.#keep(client, server)
    this.#keep(server, client)
    client.pipe(server)
    if (!this.#isFaulty || this.#random.chance(0.4)) {
      server.pipe(client)
      return
    }
    this.faults++
    let left = this.#random.int(0, 30_000)
    const how = this.#random.pick(['reset', 'end', 'freeze'] as const)
    server.on('data', (chunk: Buffer) => {
      if (left <= 0) return
      client.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0) return
      if (how === 'reset') client.resetAndDestroy()
      if (how === 'end') client.destroySoon()
    })
  }

  #keep(socket: Socket, other: Socket): void {
    this.#open.add(socket)
    socket.on('error', () => other.destroy())
    socket.on('close', () => {
      this.#open.delete(socket)
      other.destroy()
    })
  }
}
