/** One attempt from its folder to its end. */
import { failpoint } from '#server/config/failpoint.ts'
import { answeredTooLate, gateMs } from '#server/config/lease.ts'
import { sinceBoot } from '#server/config/since-boot.ts'
import type { Json } from '#server/domain/json.ts'
import type { AttemptStore } from '#server/storage/artifact-store.ts'
import { maskerOf } from '#server/domain/run/attempt-record.ts'
import { SecretMatcher } from '#server/domain/secret/secret-matcher.ts'
import { LogMask } from '#server/storage/logs/log-mask.ts'
import { LogWriter } from '#server/storage/logs/log-writer.ts'
import { attemptEnd, type AttemptEnd, type AttemptJob, type AttemptSink } from '../executor.ts'
import { endWithout } from '../end-without.ts'
import {
  closeAttemptFolder,
  folderOf,
  makeAttemptFolder,
  removeFolder,
  type AttemptFolder,
} from './attempt-folder.ts'
import type { Checkouts } from './checkouts.ts'
import { emptyCgroup, makeCgroup, removeCgroup } from './cgroup.ts'
import { commandLine } from './command.ts'
import type { Host } from './host.ts'
import type { RoomWatch } from './room-watch.ts'
import { killMarked, signalGroup, startBehindGate, startTimeOf, type TaskProcess } from './task-process.ts'
import { unheard, type Exit } from './spawner/spawner.ts'
import { UsageMeter } from './usage-meter.ts'
import { LogDrain } from './log-drain.ts'
import type { WarmScript, WarmStarts } from './warm/warm-starts.ts'
import { fault, judge, stopped, tooLate, type Why } from './verdict.ts'

export interface AttemptTools {
  host: Host
  checkouts: Checkouts
  artifacts: AttemptStore
  find: (program: string) => Promise<string | null>
  /** Variables that every task gets, unless it sets them. */
  inherited: Readonly<Record<string, string>>
  /** Interpreters in store; null: every attempt starts its own. */
  warm: WarmStarts | null
  room: RoomWatch
  /** ms between the request to end and the force that ends. */
  graceMs: number
}

const dayMs = 86_400_000

export class ProcessAttempt {
  readonly job: AttemptJob
  readonly #tools: AttemptTools
  readonly #sink: AttemptSink
  readonly #secrets: SecretMatcher
  #process: TaskProcess | null = null
  #why: Why | null = null
  #forced: NodeJS.Timeout | null = null
  #start: NodeJS.Timeout | undefined
  #log: LogWriter | null = null

  constructor(job: AttemptJob, tools: AttemptTools, sink: AttemptSink) {
    this.job = job
    this.#tools = tools
    this.#sink = sink
    this.#secrets = new SecretMatcher(Object.values(job.secrets ?? {}))
  }

  /** Asks the group to end, and makes it after the grace. The first reason stays. */
  end(why: Why, graceMs = this.#tools.graceMs): void {
    this.#why ??= why
    if (why === 'stop') this.#log?.hurry()
    const running = this.#process
    if (running === null) return
    running.shut()
    running.signal(why === 'oom' || why === 'fenced' ? 'SIGKILL' : 'SIGTERM')
    if (this.#forced !== null) clearTimeout(this.#forced)
    this.#forced = setTimeout(() => running.signal('SIGKILL'), graceMs)
  }

  /** Resolves with the end when it is over; `submitted` once the sink knows the process. Never throws. */
  async run(submitted: () => void): Promise<AttemptEnd | null> {
    const { startTimeout } = this.job
    // Until the gate lets its code start; a process is nobody's failure that comes too late.
    if (startTimeout !== null)
      this.#start = setTimeout(() => this.end('start'), Math.min(startTimeout, dayMs))
    try {
      const { host, checkouts, artifacts, inherited } = this.#tools
      const folder = await makeAttemptFolder(host, checkouts, artifacts, this.job, inherited)
      const end = await this.#execute(folder, submitted)
      return end === null ? null : endWithout(end, this.#secrets)
    } catch (error) {
      return fault(error)
    } finally {
      clearTimeout(this.#start)
      if (this.#forced !== null) clearTimeout(this.#forced)
    }
  }

  /** Removes its folder: last, for what comes after it need not wait for that. */
  async clear(): Promise<void> {
    await removeFolder(folderOf(this.#tools.host, this.job.attemptId))
  }

  async #execute(folder: AttemptFolder, submitted: () => void): Promise<AttemptEnd | null> {
    const { host, find, artifacts } = this.#tools
    if (this.job.action.kind === 'image')
      return attemptEnd(
        'failed',
        'bad_config',
        'it has an image alone, which only a pod can run: write `executor: kubernetes`, or give it a script or a command.',
      )
    const { argv, file, warm } = commandLine(this.job, folder.env)
    const program = argv[0] ?? ''
    if (!program.includes('/') && (await find(program)) === null)
      return attemptEnd(
        'failed',
        'bad_config',
        `'${program}' is not on this machine's search path: install it, or let the task run elsewhere.`,
      )
    await closeAttemptFolder(host, folder, file)
    const inStore = warm === null ? null : this.#warm(warm, folder)
    const running = inStore ?? (await startBehindGate(host, folder.cwd, argv, folder.env))
    this.#process = running
    const { pid, startTime } = running
    const handle = {
      pid,
      startTime,
      bootId: host.bootId,
      argv: argv.map(maskerOf(folder.env, this.#secrets)),
    }
    const { task } = this.job
    await failpoint('attempt.spawn.after-effect-before-record', task)
    // To move a process takes the kernel 10 ms: it is done while the gate is asked.
    const making = makeCgroup(this.job.attemptId, pid)
    let by: number | null = null
    try {
      by = await this.#admit(running, handle, submitted, making)
    } finally {
      if (by === null) void making.then((made) => made !== null && removeCgroup(made))
    }
    if (by === null) {
      if (this.#why === 'start') return tooLate
      return this.#why === 'stop' ? stopped : attemptEnd('cancelled', 'cancel_requested', null)
    }
    await failpoint('attempt.gate.after-record', task)
    const { memory } = this.job
    const cgroup = await making
    const weigh = (bytes: number) => memory !== null && bytes > memory && this.end('oom')
    const meter = new UsageMeter(pid, weigh, cgroup)
    const began = performance.now()
    running.open(by)
    meter.start()
    const log = new LogWriter({
      artifacts,
      append: (chunk) => this.#sink.appendLog(this.job.token, chunk),
      mask: new LogMask(this.#secrets),
    })
    this.#log = log
    const timer = this.#watchTime()
    const over = await this.#untilOver(running, cgroup, log, timer).finally(() => meter.stop())
    const full = await this.#tools.room.since(began)
    const end = await judge({ job: this.job, folder, artifacts, log, full, ...over })
    return end === null ? null : { ...end, ...meter.usage }
  }

  #warm(script: WarmScript, { cwd, env }: AttemptFolder): TaskProcess | null {
    return this.#tools.warm?.take(script, { id: this.job.attemptId, cwd, env }) ?? null
  }

  /** `sinceBoot()` until which its code may start; null when it may not: then nothing is left behind the gate, nor when nobody can say. */
  async #admit(
    running: TaskProcess,
    handle: Record<string, Json>,
    submitted: () => void,
    ready: Promise<unknown>,
  ): Promise<number | null> {
    let passed = false
    try {
      submitted()
      await failpoint('attempt.gate.before', this.job.task)
      const asked = sinceBoot()
      const opened = this.#why === null && (await this.#sink.passGate(this.job.token, handle))
      await ready
      // Whoever stood still meanwhile, or slept with the machine, may have been taken for lost.
      passed = opened && !this.#stopped()
      if (passed && sinceBoot() - asked > gateMs) {
        passed = false
        throw answeredTooLate()
      }
      return passed ? asked + gateMs : null
    } finally {
      clearTimeout(this.#start)
      if (!passed) {
        running.signal('SIGKILL')
        running.output.destroy()
        await running.exited
      }
    }
  }

  /** Asked anew each time: it may have been ended while something was awaited. */
  #stopped(): boolean {
    return this.#why !== null
  }

  /** A timer takes 24 days at most: a longer timeout is looked at once a day. */
  #watchTime(): NodeJS.Timeout | undefined {
    const { timeout } = this.job
    if (timeout === null) return undefined
    if (timeout < dayMs) return setTimeout(() => this.end('timeout'), timeout)
    const due = Date.now() + timeout
    return setInterval(() => Date.now() >= due && this.end('timeout'), dayMs)
  }

  async #untilOver(
    running: TaskProcess,
    cgroup: string | null,
    log: LogWriter,
    timer: NodeJS.Timeout | undefined,
  ): Promise<{ exit: Exit; why: Why | null }> {
    const drain = new LogDrain(running.output, log)
    const exit = await running.exited
    // What takes time from here on is not the task, and its number may soon be another's.
    const why = this.#why
    clearInterval(timer)
    this.#process = null
    if (this.#forced !== null) clearTimeout(this.#forced)
    // Whoever would have ended its group is gone.
    if (exit === null && (await startTimeOf(running.pid)) === running.startTime)
      signalGroup(running.pid, 'SIGKILL')
    // What it left running, out of its group, is not the task any more.
    const { uid } = this.#tools.host
    await (cgroup !== null && uid !== null
      ? emptyCgroup(cgroup)
      : killMarked(new Set([this.job.attemptId]), uid))
    drain.ended()
    await drain.over
    await log.end()
    if (exit === null && why === null) throw unheard()
    return { exit: exit ?? { code: null, signal: 'SIGKILL' }, why }
  }
}
