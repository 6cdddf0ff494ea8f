/** REST, as the product describes it at `/api/openapi.json`; answers have the types of `server/views`. */
import { Readable } from 'node:stream'
import type { ReadableStream } from 'node:stream/web'
import { codeOfStatus, DagbokError, errorCodes } from '#server/domain/errors/errors.ts'
import { currentAccount, type Account } from './account.ts'

/** ms until a product that says nothing counts as one that does not answer. */
const patience = 60_000

type Query = Record<string, string | number | readonly string[] | null | undefined>

interface Asked {
  method?: 'GET' | 'POST' | 'PUT' | 'DELETE'
  query?: Query
  body?: unknown
}

function addressOf(base: string, path: string, query: Query): URL {
  const url = new URL(`${base}${path}`)
  for (const [name, value] of Object.entries(query))
    for (const one of [value ?? []].flat()) url.searchParams.append(name, String(one))
  return url
}

/** What a refusal says; of something that is no Dagbok, that. */
async function refusal(account: Account, response: Response): Promise<DagbokError> {
  if (response.status === 401)
    return new DagbokError(
      'unauthenticated',
      `The token is not valid at ${account.url}: make one under Settings there, and run \`dagbok login\`.`,
    )
  const body = (await response.json().catch(() => null)) as { message?: unknown; code?: unknown } | null
  // A gateway whose product is away answers with a status of its own.
  const code =
    errorCodes.find((one) => one === body?.code) ??
    (response.status > 500 ? 'unavailable' : codeOfStatus(response.status))
  if (typeof body?.message === 'string') return new DagbokError(code, body.message)
  return new DagbokError(code, `${account.url} answered with status ${response.status}: is it a Dagbok?`)
}

function unanswered(account: Account, error: unknown): DagbokError {
  const { cause, name } = error as Error & { cause?: { code?: string; message?: string } }
  const why =
    name === 'TimeoutError' ? `for ${patience / 1000} s` : (cause?.code ?? cause?.message ?? 'no connection')
  return new DagbokError(
    'unavailable',
    `${account.url} does not answer (${why}): start it with \`npm start\`, or name another with DAGBOK_URL.`,
  )
}

export class RestClient {
  readonly url: string
  readonly #account: Account

  constructor(account: Account) {
    this.#account = account
    this.url = account.url
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.#json(path, { query })
  }

  post<T>(path: string, body: unknown = {}): Promise<T> {
    return this.#json(path, { method: 'POST', body })
  }

  put<T>(path: string, body: unknown): Promise<T> {
    return this.#json(path, { method: 'PUT', body })
  }

  delete<T>(path: string): Promise<T> {
    return this.#json(path, { method: 'DELETE' })
  }

  /** Bytes as they come. @throws DagbokError as the others */
  async bytes(path: string, query: Query = {}): Promise<Readable> {
    const response = await this.#fetch(`/api/v1${path}`, { query })
    return Readable.fromWeb((response.body ?? new Blob().stream()) as ReadableStream<Uint8Array>)
  }

  /** The stream of events of these topics, until `signal` ends it. */
  async events(topics: string, signal: AbortSignal): Promise<Readable> {
    const response = await this.#fetch('/api/live', { query: { topics } }, signal)
    return Readable.fromWeb((response.body ?? new Blob().stream()) as ReadableStream<Uint8Array>)
  }

  async #json<T>(path: string, asked: Asked): Promise<T> {
    const response = await this.#fetch(`/api/v1${path}`, asked, AbortSignal.timeout(patience))
    try {
      return (await response.json()) as T
    } catch (error) {
      if (error instanceof SyntaxError)
        throw new DagbokError(
          'unavailable',
          `${this.url} answers, but not as a Dagbok does: is the address right?`,
        )
      throw unanswered(this.#account, error)
    }
  }

  /** @throws DagbokError `unavailable` when it does not answer, and as it refuses */
  async #fetch(path: string, asked: Asked, signal?: AbortSignal): Promise<Response> {
    const { method = 'GET', query = {}, body } = asked
    const headers = { authorization: `Bearer ${this.#account.token}`, 'content-type': 'application/json' }
    const response = await fetch(addressOf(this.url, path, query), {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    }).catch((error: unknown) => {
      throw unanswered(this.#account, error)
    })
    if (!response.ok) throw await refusal(this.#account, response)
    return response
  }
}

/** For whoever is signed in. @throws DagbokError `unauthenticated` */
export const signedInClient = async (): Promise<RestClient> => new RestClient(await currentAccount())
