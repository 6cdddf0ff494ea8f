/** One attempt from its folder to its end. */
import { failpoint } from '#server/config/failpoint.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { parseMetrics } from '#server/domain/result/metrics.ts'
import { parseValues } from '#server/domain/result/values.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import { LogWriter } from '#server/storage/logs/log-writer.ts'
import { attemptEnd, type AttemptEnd, type AttemptJob, type AttemptSink } from '../executor.ts'
import {
  closeAttemptFolder,
  collectOutputs,
  folderOf,
  makeAttemptFolder,
  removeFolder,
  readReport,
  type AttemptFolder,
} from './attempt-folder.ts'
import type { Checkouts } from './checkouts.ts'
import { commandLine } from './command.ts'
import type { Host } from './host.ts'
import { groupMemory, killMarked, signalGroup, startBehindGate, type TaskProcess } from './task-process.ts'

export interface AttemptTools {
  host: Host
  checkouts: Checkouts
  artifacts: ArtifactStore
  find: (program: string) => Promise<string | null>
  inherited: Record<string, string | undefined>
  /** ms between the request to end and the force that ends. */
  graceMs: number
}

type Why = 'cancel' | 'timeout' | 'oom' | 'stop' | 'fenced'

/** ms that what the process left behind may go on writing to the log. */
const drainMs = 2000
const memoryLookMs = 200
const dayMs = 86_400_000

export class ProcessAttempt {
  readonly job: AttemptJob
  readonly #tools: AttemptTools
  readonly #sink: AttemptSink
  #process: TaskProcess | null = null
  #why: Why | null = null
  #forced: NodeJS.Timeout | null = null

  constructor(job: AttemptJob, tools: AttemptTools, sink: AttemptSink) {
    this.job = job
    this.#tools = tools
    this.#sink = sink
  }

  /** Asks the group to end, and makes it after the grace. The first reason stays. */
  end(why: Why, graceMs = this.#tools.graceMs): void {
    this.#why ??= why
    const running = this.#process
    if (running === null) return
    running.closeGate()
    signalGroup(running.pid, why === 'oom' || why === 'fenced' ? 'SIGKILL' : 'SIGTERM')
    if (this.#forced !== null) clearTimeout(this.#forced)
    this.#forced = setTimeout(() => signalGroup(running.pid, 'SIGKILL'), graceMs)
  }

  /** Resolves with the end when it is over; `submitted` once the sink knows the process. Never throws. */
  async run(submitted: () => void): Promise<AttemptEnd | null> {
    try {
      const { host, checkouts, artifacts, inherited } = this.#tools
      const folder = await makeAttemptFolder(host, checkouts, artifacts, this.job, inherited)
      return await this.#execute(folder, submitted)
    } catch (error) {
      return fault(error)
    } finally {
      if (this.#forced !== null) clearTimeout(this.#forced)
    }
  }

  /** Removes its folder: last, for what comes after it need not wait for that. */
  async clear(): Promise<void> {
    await removeFolder(folderOf(this.#tools.host, this.job.attemptId))
  }

  async #execute(folder: AttemptFolder, submitted: () => void): Promise<AttemptEnd | null> {
    const { host, find, artifacts } = this.#tools
    const { argv, file } = commandLine(this.job, folder.env)
    const program = argv[0] ?? ''
    if (!program.includes('/') && (await find(program)) === null)
      return attemptEnd(
        'failed',
        'bad_config',
        `'${program}' is not on this machine's search path: install it, or let the task run elsewhere.`,
      )
    await closeAttemptFolder(host, folder, file)
    const running = await startBehindGate(host, folder.cwd, argv, folder.env)
    this.#process = running
    const { pid, startTime } = running
    const handle = { pid, startTime, bootId: host.bootId }
    const { task } = this.job
    await failpoint('attempt.spawn.after-effect-before-record', task)
    const admitted = (await this.#sink.submitted(this.job.token, handle)) && this.#why === null
    submitted()
    await failpoint('attempt.gate.before', task)
    const passed = admitted && (await this.#sink.passGate(this.job.token, handle)) && !this.#stopped()
    if (!passed) {
      running.closeGate()
      signalGroup(pid, 'SIGKILL')
      running.output.destroy()
      await running.exited
      return this.#why === 'stop' ? stopped : attemptEnd('cancelled', 'cancel_requested', null)
    }
    await failpoint('attempt.gate.after-record', task)
    running.open()
    const log = new LogWriter({ artifacts, append: (chunk) => this.#sink.appendLog(this.job.token, chunk) })
    const watches = this.#watch(running)
    const { exit, peak } = await this.#untilOver(running, log).finally(() =>
      watches.forEach((timer) => clearInterval(timer)),
    )
    const end = await this.#judge(folder, log, exit)
    return end === null ? null : { ...end, memoryPeak: peak() }
  }

  /** Asked anew each time: it may have been ended while something was awaited. */
  #stopped(): boolean {
    return this.#why !== null
  }

  #peak: number | null = null

  #watch(running: TaskProcess): NodeJS.Timeout[] {
    const { timeout, memory } = this.job
    const timers: NodeJS.Timeout[] = []
    if (timeout !== null) {
      const due = Date.now() + timeout
      const look = () => Date.now() >= due && this.end('timeout')
      // A timer takes 24 days at most: a longer timeout is looked at once a day.
      timers.push(timeout < dayMs ? setTimeout(() => this.end('timeout'), timeout) : setInterval(look, dayMs))
    }
    if (memory !== null)
      timers.push(
        setInterval(() => {
          void this.#weigh(running, memory)
        }, memoryLookMs),
      )
    return timers
  }

  async #weigh(running: TaskProcess, most: number): Promise<void> {
    const bytes = await groupMemory(running.pid)
    this.#peak = Math.max(this.#peak ?? 0, bytes)
    if (bytes > most) this.end('oom')
  }

  async #untilOver(running: TaskProcess, log: LogWriter) {
    const { output } = running
    const drained = (async () => {
      try {
        for await (const chunk of output as AsyncIterable<Buffer>) await log.write(chunk)
      } catch {
        // The stream was closed on what still held it open.
      }
    })()
    const exit = await running.exited
    // What it left running, in its group or out of it, is not the task any more.
    signalGroup(running.pid, 'SIGKILL')
    await killMarked(new Set([this.job.attemptId]), this.#tools.host.uid)
    const late = setTimeout(() => output.destroy(), drainMs)
    await drained
    clearTimeout(late)
    await log.flush()
    return { exit, peak: () => this.#peak }
  }

  async #judge(
    folder: AttemptFolder,
    log: LogWriter,
    exit: { code: number | null; signal: string | null },
  ): Promise<AttemptEnd | null> {
    const { code, signal } = exit
    const facts = { exitCode: code, signal }
    if (this.#why === 'fenced' || log.fenced) return null
    if (this.#why === 'stop') return { ...stopped, ...facts }
    if (this.#why === 'cancel') return { ...attemptEnd('cancelled', 'cancel_requested', null), ...facts }
    if (this.#why === 'timeout')
      return {
        ...attemptEnd('failed', 'timeout', `It took longer than its timeout of ${this.job.timeout} ms.`),
        ...facts,
      }
    if (this.#why === 'oom')
      return {
        ...attemptEnd('failed', 'oom', `It used more than its ${this.job.memory} bytes of memory.`),
        ...facts,
      }
    if (log.failure !== null) return { ...fault(log.failure), ...facts }
    const results = await this.#results(folder)
    if (code !== 0) {
      const how = signal === null ? `It ended with exit code ${code}.` : `It was ended by ${signal}.`
      return {
        ...attemptEnd('failed', signal === null ? 'user_error' : 'killed', how),
        ...facts,
        metrics: results.metrics,
        values: results.values,
      }
    }
    if (results.fault !== null) return { ...attemptEnd('failed', 'user_error', results.fault), ...facts }
    const { outputs, missing } = await collectOutputs(folder, this.#tools.artifacts, this.job)
    await failpoint('output.publish.after-effect-before-record', this.job.task)
    if (missing.length > 0)
      return {
        ...attemptEnd(
          'failed',
          'missing_output',
          `It ended with 0, but did not leave ${missing.join(', ')} in DAGBOK_OUT.`,
        ),
        ...facts,
        metrics: results.metrics,
        values: results.values,
      }
    return {
      ...attemptEnd('succeeded', null, null),
      ...facts,
      outputs,
      metrics: results.metrics,
      values: results.values,
    }
  }

  async #results(
    folder: AttemptFolder,
  ): Promise<Pick<AttemptEnd, 'metrics' | 'values'> & { fault: string | null }> {
    try {
      return {
        metrics: parseMetrics(await readReport(folder, 'metrics'), this.job.metrics),
        values: parseValues(await readReport(folder, 'values'), this.job.values),
        fault: null,
      }
    } catch (error) {
      return { metrics: [], values: [], fault: error instanceof Error ? error.message : String(error) }
    }
  }
}

const stopped = attemptEnd('lost', 'worker_stopped', 'Dagbok was stopped; it goes on at the next start.')

function fault(error: unknown): AttemptEnd {
  const code = (error as NodeJS.ErrnoException).code
  if (
    (error instanceof DagbokError && error.code === 'unavailable') ||
    code === 'ENOSPC' ||
    code === 'EDQUOT'
  )
    return attemptEnd('failed', 'storage', error instanceof Error ? error.message : null)
  if (code === 'E2BIG' || code === 'ERR_INVALID_ARG_VALUE')
    return attemptEnd(
      'failed',
      'bad_config',
      'Its command and environment are too long for this machine, or hold a NUL: hand large values over as files.',
    )
  return attemptEnd(
    'lost',
    'infrastructure_unknown',
    error instanceof DagbokError ? error.message : 'It could not be started on this machine.',
  )
}
