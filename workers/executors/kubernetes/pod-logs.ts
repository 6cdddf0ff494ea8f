/**
 * Logs of pods, brought into the store while they are written: followed through the API server, gone on with after a cut, a
 * rotation, or a restart of ours, and brought to their end before their pod may go.
 */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { logEnd } from '#db/queries/log.ts'
import type { LiveAttempt } from '#db/queries/pod.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import type { SecretMatcher } from '#server/domain/secret/secret-matcher.ts'
import { LogMask } from '#server/storage/logs/log-mask.ts'
import { LogWriter } from '#server/storage/logs/log-writer.ts'
import type { AttemptSink } from '../executor.ts'
import type { ClusterClient, PodRef } from './cluster-client.ts'
import { followLog } from './log-follower.ts'
import { LogCursor, type LogLine, type LogPosition } from './log-lines.ts'
import type { PodHandle } from './pod-handle.ts'
import type { PodSecrets } from './pod-secrets.ts'

interface Options {
  client: Pick<ClusterClient, 'readLog'>
  db: Database
  artifacts: ArtifactStore
  sink: Pick<AttemptSink, 'appendLog'>
  secrets: Pick<PodSecrets, 'matcherOf'>
  log: Logger
  /** ms for which a chunk that is not taken is offered again, before its log is read anew from what was taken. */
  patienceMs?: number
}

/**
 * ms that the rest of a log may take to come once its container has ended, while its cluster answers: a kubelet that is started again, or
 * a node that is, takes a minute and more.
 */
const completeMs = 180_000
/** ms that whoever asks for the rest is kept waiting: others wait behind him. */
const atMostMs = 1000
/** Characters of lines that are written at once. */
const atOnce = 64 * 1024

const container = 'main'

const positionText = ({ second, lines, ends }: LogPosition): string =>
  `${second}#${lines}${ends === null ? '' : `#${ends.first}#${ends.last}`}`
/** Builds before this one have written no times. */
function positionOf(text: string | null): LogPosition | null {
  const found = /^(\d+)#(\d+)(?:#(\d+)#(\d+))?$/.exec(text ?? '')
  if (found === null) return null
  const [, second = '', lines = '', first, last] = found
  const ends = first === undefined || last === undefined ? null : { first: BigInt(first), last: BigInt(last) }
  return { second: Number(second), lines: Number(lines), ends }
}

interface Following {
  token: string
  ref: PodRef
  from: Awaited<ReturnType<typeof logEnd>>
  /** What is not to be in it. */
  secrets: SecretMatcher
  /** Told when it can go no further, and is not whole: whoever begins anew goes on from what is stored. */
  broken: () => void
}

/** The log of one pod. */
class PodLog {
  readonly #options: Options
  readonly #ref: PodRef
  readonly #writer: LogWriter
  readonly #cursor: LogCursor
  readonly #stop = new AbortController()
  readonly #following: Promise<void>
  readonly #ended = new AbortController()
  #held = ''
  /** Why it is not whole, once nothing more comes. */
  #fault: Error | null = null
  #completing: Promise<void> | null = null
  /** Ends the wait for the rest. */
  #late: NodeJS.Timeout | null = null

  constructor(options: Options, { token, ref, from, secrets, broken }: Following) {
    this.#options = options
    this.#ref = ref
    this.#cursor = new LogCursor(positionOf(from.until))
    this.#writer = new LogWriter({
      artifacts: options.artifacts,
      append: (chunk) => options.sink.appendLog(token, chunk),
      from,
      mask: new LogMask(secrets),
      ...(options.patienceMs === undefined ? {} : { patienceMs: options.patienceMs }),
    })
    this.#following = this.#follow().finally(() => {
      if (this.#fault !== null) broken()
    })
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
    const ended = this.#ended.signal
    const signal = this.#stop.signal
    // What is held is not held for long, however little comes.
    const tick = setInterval(() => void this.#write(), 200)
    try {
      for await (const line of followLog({
        source,
        pod: this.#ref,
        container,
        ended,
        cursor: this.#cursor,
        away: () => this.#late?.refresh(),
        signal,
      })) {
        await this.#take(line)
        if (this.#writer.fenced || this.#writer.failure !== null) break
      }
    } catch (error) {
      log.warn({ err: error, pod: this.#ref }, 'a log could not be read to its end')
      const why = error instanceof Error ? error : new Error(String(error))
      // As long as its code runs, it may be read later.
      if (ended.aborted) this.#held += `\n[the rest of the log is missing: ${why.message}]\n`
      else this.#fault = why
    } finally {
      clearInterval(tick)
      await this.#write()
      await this.#writer.end()
    }
    const { failure, fenced } = this.#writer
    if (failure !== null || fenced)
      this.#fault ??= new Error('A part of a log could not be stored.', { cause: failure })
  }

  /**
   * Resolves when all of it is stored, now that its container has ended. What cannot be had any more is told in it.
   * @throws Error when it could not be stored, or is followed no more
   */
  complete(): Promise<void> {
    this.#ended.abort()
    return (this.#completing ??= this.#toItsEnd())
  }

  async #toItsEnd(): Promise<void> {
    this.#late = setTimeout(() => {
      this.#held += '\n[the rest of the log is missing: it did not come in time]\n'
      this.#stop.abort(new Error('late'))
    }, completeMs)
    await this.#following.finally(() => clearTimeout(this.#late ?? undefined))
    if (this.#fault !== null) throw this.#fault
  }

  /** Follows no more. Resolves when what was read is stored. */
  end(): Promise<void> {
    this.#fault ??= new Error('The log is not followed any more.')
    this.#writer.hurry()
    this.#stop.abort(this.#fault)
    return this.#following
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
    if (handle.runningSeenAt !== undefined && handle.logsDone !== true) void this.#open(attempt, ref, handle)
  }

  /**
   * Whether all that it has written is in the store; not yet: it is to be asked again.
   * @throws Error when it could not be stored: whoever asks again reads on from what was
   */
  async complete(attempt: LiveAttempt, ref: PodRef, handle: PodHandle): Promise<boolean> {
    if (handle.logsDone === true) return true
    const log = await this.#open(attempt, ref, handle)
    const { promise: late, resolve } = Promise.withResolvers<boolean>()
    const timer = setTimeout(() => resolve(false), atMostMs)
    return Promise.race([log.complete().then(() => true), late]).finally(() => clearTimeout(timer))
  }

  /** Resolves when what was read is stored. */
  async forget(attemptId: string): Promise<void> {
    const known = this.#logs.get(attemptId)
    this.#logs.delete(attemptId)
    await known?.then(
      (log) => log.end(),
      () => {},
    )
  }

  /** Nothing is followed any more; another process may, from when this resolves. */
  async close(): Promise<void> {
    await Promise.all([...this.#logs.keys()].map((id) => this.forget(id)))
  }

  #open(attempt: LiveAttempt, ref: PodRef, handle: PodHandle): Promise<PodLog> {
    const known = this.#logs.get(attempt.id)
    if (known !== undefined) return known
    // Whoever asks next tries again.
    const broken = () => {
      if (this.#logs.get(attempt.id) === opening) this.#logs.delete(attempt.id)
    }
    const { db, secrets: own } = this.#options
    const opening: Promise<PodLog> = Promise.all([
      logEnd(db, attempt.id),
      own.matcherOf(attempt, handle),
    ]).then(
      ([from, secrets]) => new PodLog(this.#options, { token: attempt.token, ref, from, secrets, broken }),
    )
    this.#logs.set(attempt.id, opening)
    opening.catch(broken)
    return opening
  }
}
