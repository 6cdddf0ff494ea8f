/**
 * An attempt's log on its way to the store: gzip chunks with their place in bytes and lines. Little output is at most a
 * fraction of a second behind, much of it goes in large chunks; what comes faster than it can be stored waits.
 */
import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { AttemptStore } from '../artifact-store.ts'
import type { LogMask } from './log-mask.ts'

export interface LogChunkRow {
  seq: number
  hash: string
  byteOffset: number
  bytes: number
  firstLine: number
  lines: number
  /** How far its source was read with it, where that is elsewhere. */
  until?: string | null
}

interface Options {
  artifacts: Pick<AttemptStore, 'put'>
  /** Records a chunk that is stored; false when the attempt was fenced. */
  append: (chunk: LogChunkRow) => Promise<boolean>
  /** Bytes after which the rest is left out, with a line that says so. */
  limit?: number
  /** ms for which a chunk that is not taken is offered again: a full disk and a database that is away may come back. */
  patienceMs?: number
  /** What is not to be in it. */
  mask?: LogMask
  /** Where a log goes on that another life of this process began. */
  from?: { seq: number; bytes: number; lines: number }
}

const compress = promisify(gzip)
const chunkBytes = 512 * 1024
/** ms from the first byte of a chunk to its flush. */
const quickMs = 150
const slowMs = 1000
const againMs = 200
const longestMs = 1000

const newlines = (bytes: Buffer): number => {
  let count = 0
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) count++
  return count
}

export class LogWriter {
  readonly #options: Options
  #patienceMs: number
  #pending: Buffer[] = []
  #pendingBytes = 0
  #offset = 0
  #line = 0
  #seq = 0
  #total = 0
  #until: string | null = null
  #timer: NodeJS.Timeout | null = null
  #flushing: Promise<void> | null = null
  /** What went wrong for good: the log has a hole from there on. */
  failure: unknown = null
  fenced = false

  constructor(options: Options) {
    this.#options = options
    this.#patienceMs = options.patienceMs ?? 10_000
    const { seq = 0, bytes = 0, lines = 0 } = options.from ?? {}
    this.#seq = seq
    this.#offset = bytes
    this.#total = bytes
    this.#line = lines
  }

  /** From here on a chunk that is not taken is given up at once: the product stops, and is not waited for. */
  hurry(): void {
    this.#patienceMs = 0
  }

  /** Resolves when more may be written. @param until how far the source of these bytes was read with them */
  async write(bytes: Buffer, until: string | null = null): Promise<void> {
    this.#until = until
    await this.#add(this.#options.mask?.take(bytes) ?? bytes)
  }

  /** Nothing more is written: what was held back is, and all is stored. Never throws, see `failure`. */
  async end(): Promise<void> {
    await this.#add(this.#options.mask?.rest() ?? Buffer.alloc(0))
    await this.flush()
  }

  async #add(bytes: Buffer): Promise<void> {
    if (bytes.length === 0) return
    const limit = this.#options.limit ?? 2 ** 30
    // What cannot be stored any more is not held either.
    if (this.#total >= limit || this.failure !== null || this.fenced) return
    const room = limit - this.#total
    const kept =
      bytes.length <= room
        ? bytes
        : Buffer.concat([
            bytes.subarray(0, room),
            Buffer.from(`\n[the log is longer than ${limit} bytes: the rest is left out]\n`),
          ])
    this.#total += bytes.length
    this.#pending.push(kept)
    this.#pendingBytes += kept.length
    if (this.#pendingBytes >= chunkBytes) await this.flush()
    else this.#timer ??= setTimeout(() => void this.flush(), this.#seq < 20 ? quickMs : slowMs)
  }

  /** Stores what is pending; never throws, see `failure`. */
  async flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    while (this.#flushing !== null) await this.#flushing
    if (this.#pendingBytes === 0 || this.failure !== null || this.fenced) return
    const bytes = Buffer.concat(this.#pending)
    this.#pending = []
    this.#pendingBytes = 0
    this.#flushing = this.#store(bytes, this.#until)
    await this.#flushing
    this.#flushing = null
  }

  async #store(bytes: Buffer, until: string | null): Promise<void> {
    const since = Date.now()
    for (let wait = againMs; ; wait = Math.min(longestMs, wait * 2)) {
      try {
        const { hash } = await this.#options.artifacts.put(await compress(bytes, { level: 3 }))
        const lines = newlines(bytes)
        const row = {
          seq: this.#seq,
          hash,
          byteOffset: this.#offset,
          bytes: bytes.length,
          firstLine: this.#line,
          lines,
          ...(until === null ? {} : { until }),
        }
        if (!(await this.#options.append(row))) this.fenced = true
        this.#seq++
        this.#offset += bytes.length
        this.#line += lines
        return
      } catch (error) {
        if (Date.now() + wait > since + this.#patienceMs) {
          this.failure = error
          return
        }
        await new Promise((done) => setTimeout(done, wait))
      }
    }
  }
}
