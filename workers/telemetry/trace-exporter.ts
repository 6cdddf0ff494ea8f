/**
 * Sends runs and attempts that ended to an OpenTelemetry collector (OTLP over HTTP). Of all workers on one database one
 * does it; when that one ends, another takes over a little before where it stopped: a span may be sent twice, with the
 * same ids.
 */
import { ExportResultCode } from '@opentelemetry/core'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto'
import { resourceFromAttributes } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { cursorOfNow, endedSince, type EndedCursor } from '#db/queries/ended.ts'
import { SessionLock } from '#db/session-lock.ts'
import { Wakeful } from '../scheduler/wakeful.ts'
import { spanOf } from './span.ts'

/** ms between two looks, and how long after its end a transaction that wrote it is committed for sure. */
const roundMs = 5000
const lagMs = 5000
/** ms that one who takes over goes back. */
const backMs = 60_000
/** ms that the collector has for one message, and that a stop waits for one that is under way. */
const messageMs = 2000
const stopMs = 1000
/** Spans of one message. */
const together = 500
/** HTTP statuses that say of a message that it will never be taken; of all others the fault may be mended. */
const refused = new Set([400, 413, 422])
/** Of the advisory lock: "dagb" and 2. */
const lock = 0x64616762_02

export interface Collector {
  /** `http://HOST:4318`: spans go to `/v1/traces` below it. */
  endpoint: string
  headers: Record<string, string>
}

interface Options {
  db: Database
  databaseUrl: string
  collector: Collector
  publicUrl: string | null
  log: Logger
  roundMs?: number
  lagMs?: number
}

export class TraceExporter {
  readonly #options: Required<Options>
  readonly #loop: Wakeful
  readonly #exporter: OTLPTraceExporter
  readonly #resource = resourceFromAttributes({ 'service.name': 'dagbok' })
  readonly #lock: SessionLock
  #cursor: EndedCursor | null = null
  #away = false

  constructor(options: Options) {
    this.#options = { roundMs, lagMs, ...options }
    const { collector, databaseUrl, log } = options
    this.#exporter = new OTLPTraceExporter({
      url: `${collector.endpoint.replace(/\/$/, '')}/v1/traces`,
      headers: collector.headers,
      timeoutMillis: messageMs,
    })
    this.#lock = new SessionLock(databaseUrl, lock, 'dagbok traces')
    this.#loop = new Wakeful(
      () => this.#round(),
      this.#options.roundMs,
      (error) => {
        // Once, and not with every look: what is not sent is sent when the collector is back.
        if (!this.#away) log.warn({ err: error }, 'spans could not be sent; trying again')
        this.#away = true
      },
    )
  }

  start(): void {
    this.#loop.wake()
  }

  /** Resolves within a second or so, also when the collector does not answer. */
  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((done) => (timer = setTimeout(done, stopMs)))
    const quiet = this.#loop.stop().then(() => this.#exporter.shutdown())
    await Promise.race([quiet, late]).finally(() => clearTimeout(timer))
    await this.#lock.close(stopMs)
  }

  async #round(): Promise<null> {
    const { db } = this.#options
    if (!(await this.#lock.isOurs())) {
      this.#cursor = null
      return null
    }
    if (this.#cursor === null) {
      const { at, id } = await cursorOfNow(db)
      this.#cursor = { at: at - backMs * 1000, id }
    }
    while (!this.#loop.stopped) {
      const ended = await endedSince(db, this.#cursor, together, this.#options.lagMs)
      const last = ended.at(-1)
      if (last === undefined) break
      await this.#send(ended.map((one) => spanOf(one, this.#options.publicUrl, this.#resource)))
      this.#cursor = { at: last.ended, id: last.id }
    }
    this.#away = false
    return null
  }

  /** What the collector refuses for good is left out; the rest of it is sent. */
  async #send(spans: ReadableSpan[]): Promise<void> {
    try {
      await this.#export(spans)
    } catch (error) {
      if (!refused.has(Number((error as { code?: unknown }).code))) throw error
      if (spans.length === 1) {
        this.#options.log.warn({ err: error, span: spans[0]?.name }, 'the collector refuses a span: left out')
        return
      }
      const half = spans.length >> 1
      await this.#send(spans.slice(0, half))
      await this.#send(spans.slice(half))
    }
  }

  #export(spans: ReadableSpan[]): Promise<void> {
    return new Promise((sent, failed) =>
      this.#exporter.export(spans, ({ code, error }) =>
        code === ExportResultCode.SUCCESS
          ? sent()
          : failed(error ?? new Error('the collector took no spans')),
      ),
    )
  }
}
