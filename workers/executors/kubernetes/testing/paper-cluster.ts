/** The part of an API server that an executor asks, over real HTTP: pods that only a test moves. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { KubeConfig } from '@kubernetes/client-node'
import { Calls } from '../calls.ts'
import { ClusterClient, type PodObject } from '../cluster-client.ts'
import { Login, wireOf } from '../wire.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => boolean

export class PaperCluster {
  readonly pods = new Map<string, PodObject>()
  /** Lines of logs by pod's name, as a kubelet sends them. */
  readonly logs = new Map<string, string>()
  /** Events of any pod. */
  events: object[] = []
  /** What answers instead; it gives whether it did. */
  instead: Handler = () => false
  readonly #watches = new Set<ServerResponse>()
  readonly #server: Server
  #version = 1
  #heard: (() => void)[] = []

  constructor() {
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  async open(): Promise<this> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
    return this
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }

  client(): ClusterClient {
    return new ClusterClient(this.calls())
  }

  calls(): Calls {
    const config = new KubeConfig()
    const { port } = this.#server.address() as AddressInfo
    config.loadFromClusterAndUser(
      { name: 'paper', server: `http://127.0.0.1:${port}`, skipTLSVerify: true },
      { name: 'paper', token: 'secret' },
    )
    return new Calls(wireOf(new Login(() => config)))
  }

  /** Watches that are open. */
  get watches(): number {
    return this.#watches.size
  }

  /** Resolves when `look` gives something, after some change of pods and watches. */
  async until<T>(look: () => T | null | undefined): Promise<T> {
    for (;;) {
      const found = look()
      if (found !== null && found !== undefined) return found
      await new Promise<void>((done) => this.#heard.push(done))
    }
  }

  /** A kubelet says how `main` is. */
  setMain(name: string, state: object, phase: string): void {
    const pod = this.pods.get(name)
    if (pod === undefined) throw new Error(`there is no pod ${name}`)
    const status = {
      phase,
      initContainerStatuses: [],
      containerStatuses: [{ name: 'main', state, ready: false, restartCount: 0, image: '', imageID: '' }],
    }
    this.put({ ...pod, status })
  }

  /** Somebody takes it away, with its finalizer. */
  remove(name: string): void {
    const pod = this.pods.get(name)
    if (pod !== undefined) this.#remove(pod)
  }

  put(pod: PodObject): void {
    const { name } = pod.metadata
    const type = this.pods.has(name) ? 'MODIFIED' : 'ADDED'
    const put = { ...pod, metadata: { ...pod.metadata, resourceVersion: String(++this.#version) } }
    this.pods.set(name, put)
    this.#tell(type, put)
  }

  #tell(type: string, object: PodObject): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object })}\n`)
    this.#wake()
  }

  #wake(): void {
    for (const done of this.#heard.splice(0)) done()
  }

  #remove(pod: PodObject): void {
    this.pods.delete(pod.metadata.name)
    // As a real one does it: its end has a version of its own.
    const resourceVersion = String(++this.#version)
    this.#tell('DELETED', { ...pod, metadata: { ...pod.metadata, resourceVersion } })
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method, url = '' } = request
    const body: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString() || 'null')
    if (this.instead(request, response)) return
    const { pathname, searchParams } = new URL(url, 'http://paper')
    const [, , , , namespace = '', kind, name = '', what] = pathname.split('/')
    const send = (status: number, value: object) => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(value))
    }
    const gone = () => send(404, { kind: 'Status', reason: 'NotFound', message: 'there is none', code: 404 })
    if (pathname === '/version') return send(200, { gitVersion: 'v1.33.2' })
    if (kind === 'events') return send(200, { kind: 'EventList', items: this.events })
    if (searchParams.get('watch') === 'true') {
      response.writeHead(200, { 'content-type': 'application/json' }).flushHeaders()
      this.#watches.add(response)
      this.#wake()
      response.on('close', () => {
        this.#watches.delete(response)
        this.#wake()
      })
      return
    }
    if (method === 'POST') {
      const { metadata, ...pod } = body as PodObject
      const made = { ...metadata, namespace, uid: `uid-${this.#version}`, resourceVersion: '' }
      this.put({ ...pod, status: { phase: 'Pending' }, metadata: made })
      return send(201, this.pods.get(metadata.name) ?? {})
    }
    if (name === '') {
      const metadata = { resourceVersion: String(this.#version) }
      return send(200, { kind: 'PodList', metadata, items: [...this.pods.values()] })
    }
    const pod = this.pods.get(name)
    if (pod === undefined) return gone()
    if (what === 'log') {
      response.writeHead(200, { 'content-type': 'text/plain' })
      return void response.end(this.logs.get(name) ?? '')
    }
    if (method === 'DELETE') {
      const held = (pod.metadata['finalizers'] as string[] | undefined) ?? []
      const deletion = { deletionTimestamp: new Date().toISOString(), deletionGracePeriodSeconds: 30 }
      if (held.length === 0) this.#remove(pod)
      else this.put({ ...pod, metadata: { ...pod.metadata, ...deletion } })
      return send(200, pod)
    }
    if (method === 'PATCH') {
      const metadata: PodObject['metadata'] = { ...pod.metadata, finalizers: [] }
      if (metadata['deletionTimestamp'] === undefined) this.put({ ...pod, metadata })
      else this.#remove(pod)
    }
    send(200, pod)
  }
}
