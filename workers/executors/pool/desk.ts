/**
 * The desk of the pool: where workers of other processes and machines come for attempts, and bring back what came of
 * them. It listens on a socket of this machine, to which the web process hands what comes for `/api/worker/`. Every call
 * names its worker by that worker's token, and every call about an attempt is fenced by the attempt's.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import { announce } from '#db/queries/live.ts'
import { findWorker, workerAlive, workerDrains, workerStopped } from '#db/queries/worker.ts'
import type { Database } from '#db/client.ts'
import { DagbokError, httpStatus } from '#server/domain/errors/errors.ts'
import type { ReadBundle } from '../process/checkouts.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import { authenticateWorker, type WorkerActor } from '#server/services/worker/worker-tokens.ts'
import type { AttemptSink, Executor } from '../executor.ts'
import { AttemptCounter } from './attempt-counter.ts'
import { bodyOf, sendJson, type Call } from './call.ts'
import { isUuid, nothing, poll, registration, workerHeader, workerPath } from './protocol.ts'
import { register } from './register.ts'
import { RemoteWorker } from './remote-worker.ts'
import { Uploads } from './uploads.ts'

export interface DeskOptions {
  db: Database
  sink: AttemptSink
  artifacts: ArtifactStore
  /** The files of a version. */
  files: ReadBundle
  /** The scheduler, as far as the desk needs it. */
  scheduler: {
    serve: (executor: Executor) => void
    retire: (executor: Executor) => void
    released: (token: string) => void
  }
  /** Folder for uploads that are not whole yet. */
  uploads: string
  log: Logger
  /** Seconds that a heartbeat of the pool is good for. */
  leaseSeconds?: number
}

/** Seconds: a network may be away for some minutes. */
const poolLease = 300
/** ms without a poll after which a worker is taken for gone; it may come back. */
const silentMs = 120_000
/** Bytes of a JSON body: only an end, with its metrics and values, is long. */
const longestBody = { end: 64 * 2 ** 20, other: 2 ** 20 }

export class Desk {
  readonly #options: DeskOptions
  readonly #workers = new Map<string, { remote: RemoteWorker; silent: NodeJS.Timeout }>()
  readonly #counter: AttemptCounter
  readonly #server: Server
  readonly #uploads: Uploads
  readonly #leaseSeconds: number

  constructor(options: DeskOptions) {
    this.#options = options
    this.#leaseSeconds = options.leaseSeconds ?? poolLease
    this.#uploads = new Uploads(options.uploads, options.artifacts)
    this.#counter = new AttemptCounter({
      ...options,
      uploads: this.#uploads,
      leaseSeconds: this.#leaseSeconds,
      over: (workerId, token) => this.#workers.get(workerId)?.remote.released(token),
      arrived: (workerId, token) => this.#workers.get(workerId)?.remote.arrived(token),
    })
    this.#server = createServer((request, response) => void this.#answer(request, response))
    this.#server.requestTimeout = 120_000
  }

  /** @param at a path of a socket, or a port of loopback */
  async listen(at: string | number): Promise<Server> {
    await this.#counter.sweep()
    if (typeof at === 'string') {
      await rm(at, { force: true })
      // Made for nobody else: whoever may write to a socket may talk to it.
      const before = process.umask(0o177)
      this.#server.listen(at)
      process.umask(before)
    } else this.#server.listen(at, '127.0.0.1')
    await once(this.#server, 'listening')
    return this.#server
  }

  /** Takes no more calls. Workers go on, and come back when there is a desk again. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    for (const { remote, silent } of this.#workers.values()) {
      clearTimeout(silent)
      this.#options.scheduler.retire(remote)
      await remote.stop()
    }
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '', 'http://desk')
      const path = url.pathname.slice(workerPath.length + 1)
      const actor = await authenticateWorker(this.#options.db, request.headers.authorization ?? '')
      const longest = path === 'attempt/end' ? longestBody.end : longestBody.other
      const call: Call = { request, response, url, path, actor, longest }
      if (path === 'register') return await this.#register(call)
      const worker = await this.#workerOf(call)
      if (path.startsWith('attempt/')) return await this.#counter.answer(call, worker.id)
      await this.#serve(call, worker)
    } catch (error) {
      this.#refuse(response, error)
    }
  }

  #refuse(response: ServerResponse, error: unknown): void {
    const known = error instanceof DagbokError && error.code !== 'internal' ? error : null
    if (known === null) this.#options.log.error({ err: error }, 'the desk could not answer a worker')
    if (response.headersSent) return void response.destroy()
    const { code, message } = known ?? {
      code: 'internal' as const,
      message: 'Something went wrong here. It was logged.',
    }
    response.setHeader('connection', 'close')
    sendJson(response, { code, message }, httpStatus[code])
  }

  async #register(call: Call): Promise<void> {
    const given = await bodyOf(call, registration)
    const orphans = await register(this.#options.db, call.actor, given)
    sendJson(call.response, { leaseSeconds: this.#leaseSeconds, orphans })
  }

  async #workerOf({ request, actor }: Call) {
    const id = String(request.headers[workerHeader] ?? '')
    const known = isUuid(id) ? await findWorker(this.#options.db, id, actor.tokenId) : null
    if (known === null)
      throw new DagbokError('not_found', 'This worker is not known, or was stopped: it has to register.')
    return known
  }

  async #serve(call: Call, worker: { id: string; queues: string[]; draining: boolean }): Promise<void> {
    const { db } = this.#options
    const remote = this.#remoteOf(worker, call.actor)
    if (call.path === 'poll') {
      const asked = await bodyOf(call, poll)
      await workerAlive(db, worker.id)
      if (worker.draining) remote.drain()
      const gone = new AbortController()
      call.response.once('close', () => gone.abort())
      const answer = remote.poll(asked, gone.signal)
      this.#options.scheduler.serve(remote)
      const handed = await answer
      // A poll may be open for long: its token may have been revoked meanwhile.
      if (handed.jobs.length > 0) await authenticateWorker(db, call.request.headers.authorization ?? '')
      return sendJson(call.response, handed)
    }
    if (call.path === 'heartbeat') return this.#counter.heartbeat(call, worker.id)
    await bodyOf(call, nothing)
    if (call.path === 'drain') {
      await workerDrains(db, worker.id)
      remote.drain()
    } else if (call.path === 'stopped') {
      await workerStopped(db, worker.id)
      this.#forget(worker.id)
    } else throw new DagbokError('not_found', 'There is nothing for workers under this path.')
    await announce(db, [`worker:${call.actor.teamId}`])
    sendJson(call.response, {})
  }

  #remoteOf(worker: { id: string; queues: string[] }, actor: WorkerActor): RemoteWorker {
    const known = this.#workers.get(worker.id)
    if (known !== undefined) {
      known.silent.refresh()
      return known.remote
    }
    const { id, queues } = worker
    const remote = new RemoteWorker({ id, queues, teamId: actor.teamId }, (token) =>
      this.#options.scheduler.released(token),
    )
    const silent = setTimeout(() => this.#forget(id), silentMs)
    silent.unref()
    this.#workers.set(id, { remote, silent })
    return remote
  }

  #forget(workerId: string): void {
    const known = this.#workers.get(workerId)
    if (known === undefined) return
    clearTimeout(known.silent)
    this.#workers.delete(workerId)
    this.#options.scheduler.retire(known.remote)
    known.remote.leave()
  }
}
