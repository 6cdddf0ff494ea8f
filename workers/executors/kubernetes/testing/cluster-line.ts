/** A proxy of HTTP before the real API server: it may answer in its place, let watches fall silent while they stay open, and end logs. */
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as overHttps } from 'node:https'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { Login } from '../wire.ts'

interface Watch {
  isSilent: boolean
}

export class ClusterLine {
  /** Answers in the place of the API server; it gives whether it did. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean = () => false
  /** Lists and watches of pods that were asked for. */
  lists = 0
  watches = 0
  /** Whether every watch that begins is silent. */
  silentFromNow = false
  /** Bytes after which a log that is followed ends, as if there were no more of it; null: it does not. */
  logBytes: number | null = null
  /** Logs that have ended so. */
  cutLogs = 0
  readonly #open = new Set<Watch>()
  /** How it asks the real one. */
  readonly login: Login
  /** Calls that the real one has answered with 429. */
  refused = 0
  readonly #server = createServer((request, response) => void this.#answer(request, response))

  /** @param kubeconfig path of the one that it asks with */
  constructor(kubeconfig: string) {
    this.login = new Login(() => {
      const config = new KubeConfig()
      config.loadFromFile(kubeconfig)
      return config
    })
  }

  /** Listens, and writes a kubeconfig that leads here. */
  async open(file: string): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    const config = new KubeConfig()
    const { port } = this.#server.address() as AddressInfo
    config.loadFromClusterAndUser(
      { name: 'line', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'line', token: 'none' },
    )
    await writeFile(file, config.exportConfig(), { mode: 0o600 })
  }

  /** Watches that are open stay open, and nothing comes of them any more. @returns how many */
  silence(): number {
    for (const watch of this.#open) watch.isSilent = true
    return this.#open.size
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request
    if (this.instead(request, response)) return
    const { pathname, searchParams } = new URL(url, 'http://line')
    const isWatch = searchParams.get('watch') === 'true'
    const isLog = pathname.endsWith('/log') && searchParams.get('follow') === 'true'
    if (isWatch) this.watches++
    else if (method === 'GET' && pathname.endsWith('/pods')) this.lists++
    const { server, headers, agent } = await this.login.credentials()
    const { authorization: _, host: __, ...given } = request.headers
    const to = { host: server.hostname, port: server.port, method, path: url, agent }
    const asked = overHttps({ ...to, headers: { ...given, ...headers } }, (answer) => {
      if (answer.statusCode === 429) this.refused++
      response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders()
      answer.on('error', () => response.destroy())
      if (isWatch) this.#watch(answer, response)
      else if (isLog && this.logBytes !== null) this.#cut(answer, response, this.logBytes)
      else answer.pipe(response)
    })
    asked.on('error', () => response.destroy())
    response.on('close', () => asked.destroy())
    request.pipe(asked)
  }

  #watch(answer: IncomingMessage, response: ServerResponse): void {
    const watch = { isSilent: this.silentFromNow }
    this.#open.add(watch)
    response.on('close', () => this.#open.delete(watch))
    // Of one that is silent nobody hears that it has ended, either.
    answer.on('data', (chunk: Buffer) => watch.isSilent || response.write(chunk))
    answer.on('end', () => watch.isSilent || response.end())
  }
  #cut(answer: IncomingMessage, response: ServerResponse, bytes: number): void {
    let left = bytes
    answer.on('data', (chunk: Buffer) => {
      if (left <= 0) return
      response.write(chunk.subarray(0, left))
      left -= chunk.length
      if (left > 0) return
      this.cutLogs++
      response.end()
    })
    answer.on('end', () => response.end())
  }
}
