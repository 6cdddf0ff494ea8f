/**
 * One request to an API server over plain HTTP, with the credentials of a kubeconfig (files, tokens, client certificates,
 * programs, in a cluster) by the client library. The library's own calls, watch and informer are not used: they know no bounds.
 */
import { request as overHttp, type IncomingMessage, Agent as HttpAgent, type RequestOptions } from 'node:http'
import { Agent as HttpsAgent, request as overHttps, type RequestOptions as SecureOptions } from 'node:https'
import type { KubeConfig } from '@kubernetes/client-node'
import { ClusterError, errorOfConnection } from './cluster-error.ts'

export interface WireRequest {
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE'
  /** From `/api` on, with its query. */
  path: string
  body?: { type: string; text: string }
  /** Ends the request, and the reading of its answer. */
  signal: AbortSignal
}

export interface WireAnswer {
  status: number
  /** By their small names. */
  headers: Readonly<Record<string, string | string[] | undefined>>
  /** Ends with an error when the connection breaks; leaving the loop closes it. */
  body: AsyncIterable<Uint8Array>
}

/** @throws ClusterError `config`, `untrusted`, `unavailable`; the signal's reason */
export type Wire = (request: WireRequest) => Promise<WireAnswer>

/** ms that a connection that nobody uses is kept. */
const idleMs = 30_000
/** ms between two times that the kubeconfig is read anew because it was refused. */
const reloadMs = 10_000
/** ms after which a program for credentials that has not ended is left alone, and started anew. */
const programMs = 60_000

const tlsNames = ['ca', 'cert', 'key', 'pfx', 'passphrase', 'rejectUnauthorized', 'servername'] as const
type Tls = Pick<SecureOptions, (typeof tlsNames)[number]>

const tlsOf = (options: SecureOptions): Tls =>
  Object.fromEntries(tlsNames.flatMap((name) => (options[name] === undefined ? [] : [[name, options[name]]])))
const identityOf = (tls: Tls): string =>
  JSON.stringify(
    Object.values(tls).map((value) => (Buffer.isBuffer(value) ? value.toString('base64') : value)),
  )

interface Credentials {
  server: URL
  headers: Record<string, string>
  agent: HttpAgent
}

/** Makes agents that keep their connections, and a new one when certificates have changed. */
class Agents {
  #identity = ''
  #agent: HttpAgent | null = null

  agentFor(server: URL, tls: Tls): HttpAgent {
    const identity = `${server.protocol}${identityOf(tls)}`
    if (this.#agent !== null && identity === this.#identity) return this.#agent
    const keeping = { keepAlive: true, timeout: idleMs }
    this.#identity = identity
    this.#agent =
      server.protocol === 'https:' ? new HttpsAgent({ ...tls, ...keeping }) : new HttpAgent(keeping)
    return this.#agent
  }
}

const headersOf = (headers: RequestOptions['headers']): Record<string, string> =>
  Object.fromEntries(
    // A token from a file ends with its line.
    Object.entries((headers ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name,
      String(value).trim(),
    ]),
  )

/** Why a kubeconfig gives nothing. */
export function unusable(cause: unknown): ClusterError {
  // What reads YAML quotes the file below its first line, and its secrets with it; others than its owner read this.
  const [why = ''] = (cause instanceof Error ? cause.message : String(cause)).trim().split('\n')
  return new ClusterError(
    'config',
    `The kubeconfig cannot be used: ${why === '' ? 'no reason is told' : why}`,
    { cause },
  )
}

/** The kubeconfig, read when first needed, and anew when the server no longer takes what it gave. */
export class Login {
  readonly #load: () => KubeConfig
  readonly #agents = new Agents()
  readonly #now: () => number
  #config: KubeConfig | null = null
  #loadedAt = 0
  #asked: Promise<Credentials> | null = null
  #askedAt = 0

  /** @param load may throw; @param now ms, never goes back */
  constructor(load: () => KubeConfig, now: () => number = () => performance.now()) {
    this.#load = load
    this.#now = now
  }

  /** One program for credentials runs at a time, however many wait for it. @throws ClusterError `config` */
  credentials(): Promise<Credentials> {
    if (this.#asked !== null && this.#now() - this.#askedAt < programMs) return this.#asked
    const asked = this.#ask().finally(() => {
      if (this.#asked === asked) this.#asked = null
    })
    this.#askedAt = this.#now()
    this.#asked = asked
    return asked
  }

  /** The server has refused these credentials, or was not trusted: they may have been changed. */
  refused(): void {
    if (this.#now() - this.#loadedAt >= reloadMs) this.#config = null
  }

  async #ask(): Promise<Credentials> {
    try {
      if (this.#config === null) this.#loadedAt = this.#now()
      this.#config ??= this.#load()
      const config = this.#config
      const cluster = config.getCurrentCluster()
      if (cluster === null) throw new Error('it has no current context, or that names no cluster')
      const options: SecureOptions = {}
      await config.applyToHTTPSOptions(options)
      const server = new URL(cluster.server)
      const agent =
        cluster.proxyUrl === undefined ? this.#agents.agentFor(server, tlsOf(options)) : options.agent
      const basic = options.auth ?? null
      return {
        server,
        agent: agent as HttpAgent,
        headers: {
          ...headersOf(options.headers),
          ...(basic === null ? {} : { authorization: `Basic ${Buffer.from(basic).toString('base64')}` }),
        },
      }
    } catch (cause) {
      this.#config = null
      throw unusable(cause)
    }
  }
}

/** Rejects with the signal's reason as soon as it says so. */
async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>()
  const over = () => reject(signal.reason as Error)
  if (signal.aborted) over()
  else signal.addEventListener('abort', over)
  try {
    return await Promise.race([work, promise])
  } finally {
    signal.removeEventListener('abort', over)
  }
}

async function* bytesOf(
  answer: IncomingMessage,
  signal: AbortSignal,
  server: string,
): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of answer) yield chunk as Uint8Array
  } catch (error) {
    if (signal.aborted) throw signal.reason
    throw errorOfConnection(error, server)
  } finally {
    answer.destroy()
  }
}

function send(
  { server, headers, agent }: Credentials,
  { method, path, body, signal }: WireRequest,
): Promise<WireAnswer> {
  const prefix = server.pathname.replace(/\/$/, '')
  const options: RequestOptions = {
    host: server.hostname.replace(/^\[|\]$/g, ''),
    port: server.port === '' ? (server.protocol === 'https:' ? 443 : 80) : Number(server.port),
    method,
    path: `${prefix}${path}`,
    agent,
    headers: {
      accept: 'application/json',
      'user-agent': 'dagbok',
      ...headers,
      ...(body === undefined
        ? {}
        : { 'content-type': body.type, 'content-length': Buffer.byteLength(body.text) }),
    },
  }
  return new Promise((done, failed) => {
    const request = (server.protocol === 'https:' ? overHttps : overHttp)(options)
    const over = () => request.destroy()
    signal.addEventListener('abort', over)
    request.on('close', () => signal.removeEventListener('abort', over))
    request.on('error', (error) =>
      failed(signal.aborted ? (signal.reason as Error) : errorOfConnection(error, server.host)),
    )
    request.on('response', (answer) =>
      done({
        status: answer.statusCode ?? 0,
        headers: answer.headers,
        body: bytesOf(answer, signal, server.host),
      }),
    )
    if (signal.aborted) over()
    request.end(body?.text)
  })
}

async function credentialsFor(login: Login, signal: AbortSignal): Promise<Credentials> {
  try {
    return await untilAborted(login.credentials(), signal)
  } catch (error) {
    if (!(error instanceof ClusterError) || error.code !== 'timeout') throw error
    const why = 'The kubeconfig gave no credentials in time: the program that gives them has not ended.'
    throw new ClusterError('timeout', why, { cause: error })
  }
}

/** Speaks to the current context of a kubeconfig. */
export function wireOf(login: Login): Wire {
  return async (request) => {
    try {
      const answer = await send(await credentialsFor(login, request.signal), request)
      if (answer.status === 401) login.refused()
      return answer
    } catch (error) {
      if (error instanceof ClusterError && error.code === 'untrusted') login.refused()
      throw error
    }
  }
}
