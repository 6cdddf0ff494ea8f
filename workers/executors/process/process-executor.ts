/** The `process` executor: attempts as process groups of this machine (engine.md, "Executors"). */
import type { Logger } from 'pino'
import { join } from 'node:path'
import type { AttemptStore } from '#server/storage/artifact-store.ts'
import { failpoint } from '#server/config/failpoint.ts'
import { heartbeatMs } from '#server/config/lease.ts'
import type { AttemptEnd, AttemptJob, AttemptSink, Executor, OrphanedAttempt } from '../executor.ts'
import { attemptEnd, ownMachine } from '../executor.ts'
import { ProcessAttempt, type AttemptTools } from './attempt.ts'
import { removeAll } from './attempt-folder.ts'
import { sweepCgroups } from './cgroup.ts'
import { RoomWatch } from './room-watch.ts'
import { killMarked, signalGroup, startTimeOf } from './task-process.ts'

export interface ProcessExecutorOptions extends Omit<AttemptTools, 'graceMs' | 'artifacts' | 'room'> {
  /** The store as the attempt of this token may use it. */
  artifacts: (token: string) => AttemptStore
  capacity: number
  sink: AttemptSink
  /** Called once the attempt holds nothing any more. */
  released: (token: string) => void
  log: Logger
  graceMs?: number
  /** ms between heartbeats. */
  heartbeatMs?: number
}

/** ms of the first wait before an end that could not be written is written again; then twice as long, up to 5 s. */
const againMs = 100

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

export class ProcessExecutor implements Executor {
  readonly name = 'process'
  readonly post = ownMachine
  readonly capacity: number
  readonly #options: ProcessExecutorOptions
  readonly #live = new Map<string, { attempt: ProcessAttempt; over: Promise<void> }>()
  #stopping = false
  readonly #beat: NodeJS.Timeout
  readonly #room: RoomWatch

  constructor(options: ProcessExecutorOptions) {
    this.#options = options
    this.capacity = options.capacity
    this.#beat = setInterval(() => void this.#heartbeat(), options.heartbeatMs ?? heartbeatMs)
    this.#beat.unref()
    this.#room = new RoomWatch(options.host.runtime, () => this.#live.size > 0)
  }

  submit(job: AttemptJob): Promise<void> {
    return new Promise((submitted) => {
      const { sink, artifacts, ...tools } = this.#options
      const own = { graceMs: 5000, ...tools, room: this.#room, artifacts: artifacts(job.token) }
      const attempt = new ProcessAttempt(job, own, sink)
      const over = this.#see(attempt, submitted)
      this.#live.set(job.token, { attempt, over })
      if (this.#stopping) attempt.end('stop')
    })
  }

  async #see(attempt: ProcessAttempt, submitted: () => void): Promise<void> {
    const { token } = attempt.job
    const end = await attempt.run(submitted)
    submitted()
    if (end !== null) await this.#write(attempt.job, end)
    await attempt.clear()
    this.#live.delete(token)
    this.#options.released(token)
  }

  /** An end is not lost because the database is away: it is written when it is back (R14), unless it was fenced. */
  async #write({ token, task }: AttemptJob, end: AttemptEnd): Promise<void> {
    for (let wait = againMs; ; wait = Math.min(5000, wait * 2)) {
      try {
        await failpoint('attempt.end.before', task)
        await this.#options.sink.ended(token, end)
        await failpoint('attempt.end.after-record', task)
        return
      } catch (error) {
        this.#options.log.error({ err: error, token }, 'the end of an attempt could not be written')
        if (this.#stopping) return
        await pause(wait)
      }
    }
  }

  cancel(token: string, why: 'cancel' | 'timeout'): void {
    // The scheduler asks for what the run's time ends; its own, an attempt sees to itself.
    this.#live.get(token)?.attempt.end(why === 'timeout' ? 'run_timeout' : why)
  }

  async #heartbeat(): Promise<void> {
    const tokens = [...this.#live.keys()]
    if (tokens.length === 0) return
    try {
      for (const [token, answer] of await this.#options.sink.heartbeat(tokens)) {
        if (answer === 'cancel') this.cancel(token, 'cancel')
        if (answer === 'fenced') this.#live.get(token)?.attempt.end('fenced')
      }
    } catch (error) {
      this.#options.log.warn({ err: error }, 'a heartbeat could not be written')
    }
  }

  /** Ends the process groups of these attempts, and whoever carries their mark; then tells the sink that they are lost. */
  async endOrphans(orphans: OrphanedAttempt[]): Promise<void> {
    const { host, sink } = this.#options
    for (const { handle } of orphans) {
      const pid = Number(handle?.['pid'])
      const same = handle?.['bootId'] === host.bootId && pid > 1
      if (same && (await startTimeOf(pid)) === handle['startTime']) signalGroup(pid, 'SIGKILL')
    }
    const ids = new Set(orphans.map((orphan) => orphan.attemptId))
    if (!(await failpoint('orphans.end.before'))) await killMarked(ids, null)
    // Nothing of an earlier life runs any more: what it left lying is nobody's.
    sweepCgroups()
    await removeAll(join(host.runtime, 'attempts'))
    for (const { token } of orphans)
      try {
        await sink.ended(token, attemptEnd('lost', 'worker_lost', 'Dagbok was killed while it ran.'))
      } catch (error) {
        // One that cannot be written must not keep the others from going on (R18): its lease runs out.
        this.#options.log.error({ err: error, token }, 'the end of an attempt could not be written')
      }
  }

  async stop(graceMs: number): Promise<void> {
    this.#stopping = true
    clearInterval(this.#beat)
    this.#room.stop()
    for (const { attempt } of this.#live.values()) attempt.end('stop', graceMs)
    await Promise.all([...this.#live.values()].map(({ over }) => over))
    await this.#options.warm?.close()
    await this.#options.host.spawner.close()
  }
}
