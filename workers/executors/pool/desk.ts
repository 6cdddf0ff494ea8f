/**
 * The desk of the pool: where workers of other processes and machines come for attempts, and bring back what came of
 * them. It listens on a socket of this machine, to which the web process hands what comes for `/api/worker/`. Every call
 * names its worker by that worker's token, and every call about an attempt is fenced by the attempt's.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { once } from 'node:events'
import { rm } from 'node:fs/promises'
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import type { KnownWorker } from '#db/queries/worker.ts'
import { postgresStore } from '#db/scheduling-store.ts'
import { podLeaseMs, poolLeaseSeconds } from '#server/config/lease.ts'
import { DagbokError, httpStatus } from '#server/domain/errors/errors.ts'
import { PodCounter } from '../kubernetes/pod-counter.ts'
import { isPodSecret } from '../kubernetes/pod-handle.ts'
import type { ReadBundle } from '../process/checkouts.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import type { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { authenticateWorker } from '#server/services/worker/worker-tokens.ts'
import type { AttemptSink } from '../executor.ts'
import { AttemptCounter } from './attempt-counter.ts'
import { bodyOf, sendJson, type WorkerCall } from './call.ts'
import { Clerk } from './clerk.ts'
import {
  heartbeat,
  isUuid,
  nobody,
  nothing,
  poll,
  registration,
  workerHeader,
  workerPath,
} from './protocol.ts'
import type { Served } from './roster.ts'
import { Uploads } from './uploads.ts'

export interface DeskOptions {
  db: Database
  sink: AttemptSink
  artifacts: ArtifactStore
  /** Of teams, which results of pods are kept without. */
  secrets: Pick<SecretsOfAttempts, 'matcherOf'>
  /** The files of a version. */
  files: ReadBundle
  scheduler: Served
  /** Folder for uploads that are not whole yet. */
  uploads: string
  log: Logger
  /** Seconds that a heartbeat of the pool is good for. */
  leaseSeconds?: number
  /** Told of each attempt whose pod has said something that is kept. */
  podChanged?: (attemptId: string) => void
}

const bearerOf = (header: string): string => header.replace(/^Bearer /, '')

/** Bytes of a JSON body: only an end, with its metrics and values, is long. */
const longestBody = { end: 64 * 2 ** 20, other: 2 ** 20 }

export class Desk {
  readonly #options: DeskOptions
  readonly #clerk: Clerk
  readonly #counter: AttemptCounter
  readonly #pods: PodCounter
  readonly #server: Server

  constructor(options: DeskOptions) {
    this.#options = options
    const { db, sink, scheduler, leaseSeconds = poolLeaseSeconds } = options
    this.#clerk = new Clerk({ store: postgresStore(db), sink, scheduler, leaseSeconds })
    const uploads = new Uploads(options.uploads, options.artifacts)
    this.#counter = new AttemptCounter({ ...options, uploads, clerk: this.#clerk })
    const { artifacts, secrets, podChanged: changed = () => {} } = options
    this.#pods = new PodCounter({
      db,
      artifacts,
      secrets,
      sink,
      counter: this.#counter,
      leaseMs: podLeaseMs,
      changed,
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

  /** A worker whose machine is gone, as somebody else knows: nothing more is handed to it. */
  forget(workerId: string): void {
    this.#clerk.forget(workerId)
  }

  /** Takes no more calls. Workers go on, and come back when there is a desk again. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    await this.#clerk.close()
    this.#server.closeAllConnections()
    await closed
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = new URL(request.url ?? '', 'http://desk')
      const path = url.pathname.slice(workerPath.length + 1)
      const longest = path === 'attempt/end' ? longestBody.end : longestBody.other
      const given = { request, response, url, path, longest }
      const header = request.headers.authorization ?? ''
      if (isPodSecret(bearerOf(header))) return await this.#pods.answer(given, bearerOf(header))
      const call = { ...given, actor: await authenticateWorker(this.#options.db, header) }
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

  async #register(call: WorkerCall): Promise<void> {
    const given = await bodyOf(call, registration)
    const orphans = await this.#clerk.register(call.actor, given)
    sendJson(call.response, { leaseSeconds: this.#clerk.leaseSeconds, orphans })
  }

  async #workerOf({ request, actor }: WorkerCall): Promise<KnownWorker> {
    const id = String(request.headers[workerHeader] ?? '')
    return this.#clerk.workerOf(isUuid(id) ? id : nobody, actor)
  }

  async #serve(call: WorkerCall, worker: KnownWorker): Promise<void> {
    const { actor, path, response } = call
    if (path === 'poll') return this.#poll(call, worker)
    if (path === 'heartbeat') {
      return sendJson(response, await this.#clerk.heartbeat(worker, actor, await bodyOf(call, heartbeat)))
    }
    await bodyOf(call, nothing)
    if (path === 'drain') await this.#clerk.drain(worker, actor)
    else if (path === 'stopped') await this.#clerk.stopped(worker, actor)
    else throw new DagbokError('not_found', 'There is nothing for workers under this path.')
    sendJson(response, {})
  }

  async #poll(call: WorkerCall, worker: KnownWorker): Promise<void> {
    const asked = await bodyOf(call, poll)
    const gone = new AbortController()
    call.response.once('close', () => gone.abort())
    const handed = await this.#clerk.poll(worker, call.actor, asked, gone.signal)
    // A poll may be open for long: its token may have been revoked meanwhile.
    if (handed.jobs.length > 0)
      await authenticateWorker(this.#options.db, call.request.headers.authorization ?? '')
    sendJson(call.response, handed)
  }
}
