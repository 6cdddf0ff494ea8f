/** A real HTTP server that answers calls as a test says, and remembers what it was asked. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { Random } from '#workers/simulation/random.ts'
import { Calls } from '../calls.ts'
import { ClusterClient } from '../cluster-client.ts'
import { Login, wireOf } from '../wire.ts'
import { Sockets, VirtualTime } from './virtual-time.ts'

export interface Asked {
  method: string
  /** With its query. */
  url: string
  type: string | undefined
  authorization: string | undefined
  body: unknown
  /** ms of virtual time. */
  at: number
}

export type Answer = (response: ServerResponse, asked: Asked) => void

export const json =
  (status: number, body: unknown, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(JSON.stringify(body))
  }

async function bodyOf(request: IncomingMessage): Promise<unknown> {
  const text = Buffer.concat(await request.toArray()).toString()
  return text === '' ? null : JSON.parse(text)
}

export class AnsweringServer {
  readonly asked: Asked[] = []
  answer: Answer = json(500, {})
  readonly timing: VirtualTime
  readonly #sockets = new Sockets()
  readonly #server = createServer((request, response) => void this.#take(request, response))
  url = ''

  constructor() {
    this.timing = new VirtualTime(this.#sockets, new Random(1))
  }

  async open(): Promise<this> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done))
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
    this.#sockets.close()
  }

  config(): KubeConfig {
    const config = new KubeConfig()
    config.loadFromClusterAndUser(
      { name: 'test', server: this.url, skipTLSVerify: true },
      { name: 'test', token: 'secret' },
    )
    return config
  }

  /** In virtual time. @param now ms since the epoch */
  client(load: () => KubeConfig = () => this.config(), now: () => number = () => 0): ClusterClient {
    return new ClusterClient(new Calls(wireOf(new Login(load)), this.timing, now))
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request
    const asked: Asked = {
      method,
      url,
      type: headers['content-type'],
      authorization: headers.authorization,
      body: await bodyOf(request),
      at: Math.round(this.timing.elapsed()),
    }
    this.asked.push(asked)
    this.answer(response, asked)
  }
}
