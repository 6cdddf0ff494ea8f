/**
 * Calls at an API server, each with a bound (R7), which obey 429 and `Retry-After`. An answer is JSON as a whole, or a stream
 * whose silence is bounded.
 */
import { ClusterError, errorOfStatus, retryAfterOf } from './cluster-error.ts'
import { ServerPause } from './server-pause.ts'
import { bounded, realTiming, type Timing } from './timing.ts'
import type { Wire, WireAnswer, WireRequest } from './wire.ts'

export interface Ask {
  method: WireRequest['method']
  path: string
  query?: Readonly<Record<string, string | number | boolean | undefined>>
  body?: { type: string; value: unknown }
  /** ms for all of it: to wait while the server wants to be left alone, to ask, to read the answer. */
  withinMs: number
  signal?: AbortSignal | undefined
}

/** Bytes of an answer: a page of 500 pods of the largest kind is more than anything we ask for. */
const longest = 512 * 2 ** 20

export const withQuery = (path: string, query: Ask['query'] = {}): string => {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`
}

async function textOf({ body }: WireAnswer): Promise<string> {
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    size += chunk.length
    if (size > longest)
      throw new ClusterError('bad_answer', `The API server sent more than ${longest} bytes.`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString()
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new ClusterError('bad_answer', 'The API server sent what is no JSON.', { cause })
  }
}

/** A proxy before the API server may answer with a page instead. */
const looseJson = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

export class Calls {
  readonly timing: Timing
  readonly #wire: Wire
  readonly #pause: ServerPause
  /** ms since the epoch, for a `Retry-After` that is a date. */
  readonly #now: () => number

  constructor(wire: Wire, timing: Timing = realTiming, now: () => number = Date.now) {
    this.#wire = wire
    this.timing = timing
    this.#pause = new ServerPause(timing)
    this.#now = now
  }

  /** ms for which the server wants to be left alone. */
  get pausedMs(): number {
    return this.#pause.left
  }

  /** @throws ClusterError; the caller's signal's reason */
  async json(ask: Ask): Promise<unknown> {
    const bound = this.#bound(ask)
    try {
      const answer = await this.#answer(ask, bound.signal, ask.withinMs)
      return jsonOf(await textOf(answer))
    } finally {
      bound.release()
    }
  }

  /**
   * Bytes as they come. `withinMs` is for its begin, `silentMs` for the time between two chunks after it.
   * @throws ClusterError `timeout` when it is silent for longer; others; the caller's signal's reason
   */
  async *stream(ask: Ask, silentMs: number): AsyncGenerator<Uint8Array> {
    const begin = this.#bound(ask)
    const late = () => new ClusterError('timeout', `The API server was silent for ${silentMs / 1000} s.`)
    try {
      const silence = bounded(this.timing, silentMs, late, begin.signal)
      try {
        const answer = await this.#answer(ask, silence.signal, ask.withinMs)
        begin.release()
        silence.restart()
        for await (const chunk of answer.body) {
          silence.restart()
          yield chunk
          // Whoever takes long over a chunk is not the server's silence.
          silence.restart()
        }
      } finally {
        silence.release()
      }
    } finally {
      begin.release()
    }
  }

  #bound({ withinMs, signal, method, path }: Ask) {
    const late = () =>
      new ClusterError(
        'timeout',
        `The API server did not answer ${method} ${path} within ${withinMs / 1000} s.`,
      )
    return bounded(this.timing, withinMs, late, signal)
  }

  async #answer(
    { method, path, query, body }: Ask,
    signal: AbortSignal,
    patience: number,
  ): Promise<WireAnswer> {
    await this.#pause.over(patience, signal)
    signal.throwIfAborted()
    const answer = await this.#wire({
      method,
      path: withQuery(path, query),
      ...(body === undefined ? {} : { body: { type: body.type, text: JSON.stringify(body.value) } }),
      signal,
    })
    if (answer.status >= 200 && answer.status < 300) return answer
    const header = answer.headers['retry-after']
    const retryAfter = retryAfterOf(Array.isArray(header) ? header[0] : header, this.#now())
    if (answer.status === 429 || (answer.status === 503 && retryAfter !== null)) this.#pause.ask(retryAfter)
    throw errorOfStatus(answer.status, looseJson(await textOf(answer)), retryAfter)
  }
}
