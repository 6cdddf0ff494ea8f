/** The log of a container in lines, and where in it one is. A kubelet's offsets are times, and it is asked by whole seconds. */
import { ClusterError } from './cluster-error.ts'

export interface LogLine {
  /** ns since the epoch. */
  at: bigint
  /** Without its time and its end. */
  text: string
  /** Whether its end has come: the last of a stream may have none. */
  isWhole: boolean
}

const newline = 0x0a
/** Bytes: what has no end is taken in pieces. */
const longest = 2 ** 20
const perSecond = 1_000_000_000n

/** `2026-11-27T06:00:00.123456789Z`, of any zone and any number of digits, as ns since the epoch; null where it is none. */
export function timeOf(text: string): bigint | null {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text)
  const seconds = match === null ? Number.NaN : Date.parse(`${match[1]}${match[3]}`) / 1000
  if (!Number.isFinite(seconds)) return null
  return BigInt(seconds) * perSecond + BigInt((match?.[2] ?? '').padEnd(9, '0'))
}

/** A kubelet answers in the place of a log, with status 200, when it has taken the container away. */
function withoutTime(line: string): ClusterError {
  if (line.startsWith('unable to retrieve container logs'))
    return new ClusterError('not_found', 'its container was taken away before the log was read')
  return new ClusterError(
    'bad_answer',
    `The API server sent a line of a log without its time: ${line.slice(0, 200)}`,
  )
}

function lineOf(bytes: Uint8Array, isWhole: boolean): LogLine {
  const line = Buffer.from(bytes).toString()
  const space = line.indexOf(' ')
  const at = timeOf(space < 0 ? line : line.slice(0, space))
  if (at === null) throw withoutTime(line)
  return { at, text: space < 0 ? '' : line.slice(space + 1), isWhole }
}

/**
 * @param bytes of `readLog`
 * @throws ClusterError `bad_answer` for a line without a time, `not_found` for a log that its kubelet does not have any more; what the
 * bytes end with, after the lines before it
 */
export async function* logLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<LogLine> {
  let held: Uint8Array = Buffer.alloc(0)
  for await (const chunk of bytes) {
    let rest: Uint8Array = held.length === 0 ? chunk : Buffer.concat([held, chunk])
    for (let to = rest.indexOf(newline); to >= 0; to = rest.indexOf(newline)) {
      yield* piecesOf(rest.subarray(0, to), true)
      rest = rest.subarray(to + 1)
    }
    held = rest
  }
  if (held.length > 0) yield* piecesOf(held, false)
}

/** Of a line beyond all measure, each piece has the time of the line. */
function* piecesOf(bytes: Uint8Array, isWhole: boolean): Generator<LogLine> {
  const { at, text } = lineOf(bytes, isWhole)
  for (let from = 0; from === 0 || from < text.length; from += longest)
    yield { at, text: text.slice(from, from + longest), isWhole: isWhole || from + longest < text.length }
}

/** How far a log was read, for whoever goes on in another process: from which second on it asks, and how many lines of those it has had. */
export interface LogPosition {
  /** s since the epoch. */
  second: number
  lines: number
  /** ns since the epoch, of the first of those lines and of the latest; null where it is not known. */
  ends: { first: bigint; last: bigint } | null
}

/**
 * Where one is in a log: asked again from a second or two before, it knows which lines it has had. Lines of one second may be
 * out of order, since a runtime takes the two streams of a container apart, and may be the same.
 */
export class LogCursor {
  /** By second, how often each line was taken. */
  #taken = new Map<bigint, Map<string, number>>()
  /** Of those, what the stream that is being read has not repeated yet. */
  #repeats = new Map<bigint, Map<string, number>>()
  #latest: bigint | null = null
  /** Whether a stream that is read on has yet to begin with a line that was had: all of them come before what is new. */
  #isDue = false
  /** Lines that another process has had, and that come first: a kubelet gives them in the order in which they were written. */
  #skipped = 0
  /** Of those. null: they have come, or there are none. */
  #had: LogPosition['ends'] = null
  /** Whether the first of them is not in the log any more: then it is by their times that they are known. null: no line has come. */
  #isCut: boolean | null = null

  /** @param from where another process was; null: at the beginning */
  constructor(from: LogPosition | null = null) {
    if (from === null) return
    this.#latest = BigInt(from.second) + 1n
    this.#skipped = from.lines
    this.#had = from.ends
  }

  get position(): LogPosition | null {
    const from = this.#from
    if (from === null) return null
    let lines = this.#skipped
    const times: bigint[] = []
    for (const [second, taken] of this.#taken) {
      if (second < from) continue
      for (const [key, count] of taken) {
        lines += count
        times.push(BigInt(key.slice(0, key.indexOf(' '))))
      }
    }
    const [first] = times
    const last = times.reduce((one, other) => (one > other ? one : other), first ?? 0n)
    // Nothing new has come yet, or has come behind what another process has had.
    const ends = first === undefined || this.#skipped > 0 ? this.#had : { first, last }
    return { second: Number(from), lines, ends }
  }

  /** RFC 3339, for `readLog`; undefined: from the beginning. */
  get sinceTime(): string | undefined {
    const from = this.#from
    return from === null ? undefined : new Date(Number(from) * 1000).toISOString().replace('.000Z', 'Z')
  }

  get #from(): bigint | null {
    return this.#latest === null ? null : this.#latest - 1n
  }

  /** A stream begins that was asked for from `sinceTime` on. */
  begin(): void {
    this.#repeats = new Map([...this.#taken].map(([second, lines]) => [second, new Map(lines)]))
    const from = this.#from
    this.#isDue = from !== null && [...this.#taken.keys()].some((second) => second >= from)
  }

  /**
   * Whether what was had last is not in the log any more: it was rotated meanwhile, and nobody knows how much was written between.
   * It is told once for a stream.
   */
  tellGap(): boolean {
    const isGap = this.#isDue
    this.#isDue = false
    return isGap
  }

  /** @returns whether it is new: then it counts as taken */
  take({ at, text }: LogLine): boolean {
    const second = at / perSecond
    const key = `${at} ${text}`
    const repeats = this.#repeats.get(second)
    const left = repeats?.get(key) ?? 0
    if (left > 0) {
      repeats?.set(key, left - 1)
      this.#isDue = false
      return false
    }
    const isSkipped = this.#wasHad(at)
    const from = this.#from
    // It is not asked for from there again, so that it could not be told from a new one.
    if (from !== null && second < from) return !isSkipped
    const lines = this.#taken.get(second) ?? new Map<string, number>()
    lines.set(key, (lines.get(key) ?? 0) + 1)
    this.#taken.set(second, lines)
    if (this.#latest === null || second > this.#latest) this.#reach(second)
    return !isSkipped
  }

  /** Whether another process has had a line. What was rotated meanwhile is not taken for it, and a hole behind that is told. */
  #wasHad(at: bigint): boolean {
    const had = this.#had
    this.#isCut ??= had !== null && had.first !== at
    if (!this.#isCut) {
      if (this.#skipped > 0) this.#skipped--
      else return false
      return true
    }
    if (had === null) return false
    if (at <= had.last) {
      this.#skipped = 0
      return true
    }
    // None of what was had came before it.
    this.#isDue = this.#skipped > 0
    this.#skipped = 0
    this.#had = null
    return false
  }

  #reach(second: bigint): void {
    this.#latest = second
    for (const old of this.#taken.keys()) if (old < second - 1n) this.#taken.delete(old)
  }
}
