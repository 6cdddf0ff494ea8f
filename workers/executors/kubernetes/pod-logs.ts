/**
 * Logs of pods, brought into the store while they are written: followed through the API server, gone on with after a cut, a
 * rotation, or a restart of ours, and brought to their end before their pod may go.
 */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { logEnd } from '#db/queries/log.ts'
import type { LiveAttempt } from '#db/queries/pod.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import { LogWriter } from '#server/storage/logs/log-writer.ts'
import type { AttemptSink } from '../executor.ts'
import type { ClusterClient, PodRef } from './cluster-client.ts'
import { followLog } from './log-follower.ts'
import { LogCursor, type LogLine, type LogPosition } from './log-lines.ts'
import type { PodHandle } from './pod-handle.ts'

interface Options {
  client: Pick<ClusterClient, 'readLog'>
  db: Database
  artifacts: ArtifactStore
  sink: Pick<AttemptSink, 'appendLog'>
  log: Logger
}

/** ms that the rest of a log may take to come once its container has ended. */
const completeMs = 60_000
/** Characters of lines that are written at once. */
const atOnce = 64 * 1024

const container = 'main'

const positionText = ({ second, lines }: LogPosition): string => `${second}#${lines}`
function positionOf(text: string | null): LogPosition | null {
  const [, second = '', lines = ''] = /^(\d+)#(\d+)$/.exec(text ?? '') ?? []
  return second === '' ? null : { second: Number(second), lines: Number(lines) }
}

/** The log of one pod. */
class PodLog {
  readonly #options: Options
  readonly #ref: PodRef
  readonly #writer: LogWriter
  readonly #cursor: LogCursor
  readonly #stop = new AbortController()
  readonly #following: Promise<void>
  #hasEnded = false
  #held = ''

  constructor(options: Options, token: string, ref: PodRef, from: Awaited<ReturnType<typeof logEnd>>) {
    this.#options = options
    this.#ref = ref
    this.#cursor = new LogCursor(positionOf(from.until))
    this.#writer = new LogWriter({
      artifacts: options.artifacts,
      append: (chunk) => options.sink.appendLog(token, chunk),
      from,
    })
    this.#following = this.#follow()
  }

  async #write(): Promise<void> {
    const { position } = this.#cursor
    const text = this.#held
    this.#held = ''
    if (text !== '')
      await this.#writer.write(Buffer.from(text), position === null ? null : positionText(position))
  }

  async #take({ text, isWhole }: LogLine): Promise<void> {
    this.#held += isWhole ? `${text}\n` : text
    if (this.#held.length >= atOnce) await this.#write()
  }

  async #follow(): Promise<void> {
    const { client: source, log } = this.#options
    const hasEnded = () => this.#hasEnded
    const signal = this.#stop.signal
    // What is held is not held for long, however little comes.
    const tick = setInterval(() => void this.#write(), 200)
    try {
      for await (const line of followLog({
        source,
        pod: this.#ref,
        container,
        hasEnded,
        cursor: this.#cursor,
        signal,
      })) {
        await this.#take(line)
        if (this.#writer.fenced) return
      }
    } catch (error) {
      log.warn({ err: error, pod: this.#ref }, 'a log could not be read to its end')
      const why = error instanceof Error ? error.message : String(error)
      this.#held += `\n[the rest of the log is missing: ${why}]\n`
    } finally {
      clearInterval(tick)
      await this.#write()
    }
  }

  /** Resolves when all of it is stored, now that its container has ended. What cannot be had any more is told in it. */
  async complete(): Promise<void> {
    this.#hasEnded = true
    const late = setTimeout(() => {
      this.#held += '\n[the rest of the log is missing: it did not come in time]\n'
      this.end()
    }, completeMs)
    await this.#following.finally(() => clearTimeout(late))
    await this.#writer.flush()
  }

  end(): void {
    this.#stop.abort(new Error('stopped'))
  }
}

export class PodLogs {
  readonly #options: Options
  readonly #logs = new Map<string, Promise<PodLog>>()

  constructor(options: Options) {
    this.#options = options
  }

  /** Begins to follow, unless it is followed, or its code has not been seen to run. */
  follow(attempt: LiveAttempt, ref: PodRef, handle: PodHandle): void {
    if (handle.runningSeenAt !== undefined && handle.logsDone !== true) void this.#open(attempt, ref)
  }

  /** Resolves when all that it has written is in the store. */
  async complete(attempt: LiveAttempt, ref: PodRef, handle: PodHandle): Promise<void> {
    if (handle.logsDone !== true) await (await this.#open(attempt, ref)).complete()
  }

  forget(attemptId: string): void {
    const known = this.#logs.get(attemptId)
    this.#logs.delete(attemptId)
    void known?.then(
      (log) => log.end(),
      () => {},
    )
  }

  /** Nothing is followed any more; another process may. */
  close(): void {
    for (const id of this.#logs.keys()) this.forget(id)
  }

  #open(attempt: LiveAttempt, ref: PodRef): Promise<PodLog> {
    const known = this.#logs.get(attempt.id)
    if (known !== undefined) return known
    const opening = logEnd(this.#options.db, attempt.id).then(
      (from) => new PodLog(this.#options, attempt.token, ref, from),
    )
    this.#logs.set(attempt.id, opening)
    // Whoever asks next tries again.
    opening.catch(() => this.#logs.delete(attempt.id))
    return opening
  }
}
