/** Calls to the desk. A network that is away, and a desk that restarts, are waited for; a refusal is not. */
import { spread } from '#db/outage.ts'
import { DagbokError, codeOfStatus, errorCodes } from '#server/domain/errors/errors.ts'
import { attemptHeader, workerHeader, workerPath } from './protocol.ts'

export interface Ask {
  /** Token of the attempt that it is about. */
  attempt?: string
  /** Ends the call, and the waiting for a better time. */
  signal?: AbortSignal
  /** ms until a call that is not answered has failed. */
  patience?: number
  body?: unknown
  method?: 'GET' | 'POST' | 'PUT'
}

/** ms: the first wait before a call is made again; then twice as long, up to the last. */
const [shortest, longest] = [200, 5000]

const passing: readonly string[] = ['unavailable', 'internal', 'too_many']
/** Whether the same call may succeed later. */
export const isPassing = (error: unknown): boolean =>
  error instanceof DagbokError && passing.includes(error.code)

/** Resolves after the time, or when the signal says so. */
export const pause = (ms: number, signal?: AbortSignal): Promise<void> =>
  new Promise((done) => {
    const over = () => {
      clearTimeout(timer)
      signal?.removeEventListener('abort', over)
      done()
    }
    const timer = setTimeout(over, ms)
    if (signal?.aborted === true) over()
    else signal?.addEventListener('abort', over)
  })

/** What is too long for whoever stands before the desk stays too long, however often it is sent. */
const tooLong = [413, 414, 431]

/** @param strange whether it is no refusal where the desk did not write it: whoever stands before it says that it is away */
async function refusal(response: Response, strange: boolean): Promise<DagbokError> {
  const body = (await response.json().catch(() => null)) as { message?: unknown; code?: unknown } | null
  const code =
    errorCodes.find((one) => one === body?.code) ??
    ((strange && !tooLong.includes(response.status)) || response.status > 500
      ? 'unavailable'
      : codeOfStatus(response.status))
  const said = typeof body?.message === 'string' ? body.message : `status ${response.status}`
  return new DagbokError(code, said)
}

export class DeskClient {
  readonly #url: string
  readonly #token: string
  readonly #workerId: string
  readonly #random: () => number
  readonly #pause: typeof pause
  readonly #waits: (error: Error) => void
  /** Whether the desk has answered once: this is its address. */
  #heard = false

  constructor(given: {
    url: string
    token: string
    workerId: string
    random?: () => number
    pause?: typeof pause
    /** Told of each failure after which it is asked again. */
    waits?: (error: Error) => void
  }) {
    this.#url = given.url.replace(/\/$/, '')
    this.#token = given.token
    this.#workerId = given.workerId
    this.#random = given.random ?? Math.random
    this.#pause = given.pause ?? pause
    this.#waits = given.waits ?? (() => {})
  }

  /** One call. @throws DagbokError `unavailable` when nobody answers; what the desk refuses with; the signal's reason */
  async send(path: string, ask: Ask = {}): Promise<Response> {
    const { attempt, signal, patience = 30_000, body, method = 'POST' } = ask
    const late = AbortSignal.timeout(patience)
    const raw = body instanceof Uint8Array
    let response: Response
    try {
      response = await fetch(`${this.#url}${workerPath}/${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.#token}`,
          [workerHeader]: this.#workerId,
          ...(attempt === undefined ? {} : { [attemptHeader]: attempt }),
          ...(method === 'POST' ? { 'content-type': 'application/json' } : {}),
        },
        ...(method === 'GET' ? {} : { body: raw ? Buffer.from(body) : JSON.stringify(body ?? {}) }),
        signal: signal === undefined ? late : AbortSignal.any([signal, late]),
        redirect: 'error',
      })
    } catch (error) {
      if (signal?.aborted === true) throw signal.reason
      const { cause, name } = error as Error & { cause?: { code?: string } }
      const why = name === 'TimeoutError' ? `for ${patience / 1000} s` : (cause?.code ?? 'no connection')
      throw new DagbokError('unavailable', `${this.#url} does not answer (${why}).`, { cause: error })
    }
    if (!response.ok) throw await refusal(response, this.#heard)
    this.#heard = true
    return response
  }

  async call<T>(path: string, ask: Ask = {}): Promise<T> {
    const response = await this.send(path, ask)
    return (await response.json().catch((cause: unknown) => {
      throw new DagbokError('unavailable', `${this.#url} did not answer to the end.`, { cause })
    })) as T
  }

  /** The same until it is answered, refused, or the signal ends it. */
  async insist<T>(path: string, ask: Ask = {}): Promise<T> {
    return this.again(() => this.call<T>(path, ask), ask.signal)
  }

  /** Does it until it succeeds, or fails with what does not pass. @throws the signal's reason */
  async again<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    for (let wait = shortest; ; wait = Math.min(longest, wait * 2)) {
      signal?.throwIfAborted()
      try {
        return await work()
      } catch (error) {
        if (!isPassing(error)) throw error
        this.#waits(error as Error)
        await this.#pause(spread(wait, this.#random), signal)
      }
    }
  }
}
