/**
 * Compiles in threads, so that no notebook holds up the event loop, and ends a thread that takes too long or too much: a
 * few lines can hold a pattern that backtracks for ever, or a list that fills the memory.
 */
import { Worker } from 'node:worker_threads'
import { faultOf, type Fault } from '../../domain/notebook/fault.ts'
import { notebooksOf } from '../../domain/version/bundle.ts'
import { withTwins, type SnapshotDag } from '../../domain/version/snapshot.ts'
import type { CheckedText, CommitSource, Compiler, UsedPaths } from './compiler.ts'
import type { Answer, Job } from './thread.ts'

export interface CompileLimits {
  threads: number
  /** ms for one notebook, and for all of one commit together. */
  notebookMs: number
  commitMs: number
  /** MB of heap of a thread. */
  memory: number
}

const usual: CompileLimits = { threads: 2, notebookMs: 20_000, commitMs: 60_000, memory: 1024 }

type Why = 'time' | 'memory' | 'depth' | 'defect'

type Value = SnapshotDag | CheckedText | UsedPaths

interface Asked {
  values: Value[]
  /** Why the next one has no value; null when all have one. */
  why: Why | null
  details: string
  /** Whether the thread can go on. */
  sound: boolean
}

/** Gives the job to a ready thread, and collects its answers until one of them does not come. */
function ask(thread: Worker, job: Job, ms: number): Promise<Asked> {
  return new Promise((done) => {
    const values: Asked['values'] = []
    const end = (why: Why | null, details = '', sound = false) => {
      clearTimeout(timer)
      thread.off('message', hear).off('error', fail)
      done({ values, why, details, sound })
    }
    let timer = setTimeout(() => end('time'), ms)
    const hear = (answer: Answer) => {
      clearTimeout(timer)
      if (answer.kind === 'refused') return end(answer.why, answer.details)
      if (answer.kind === 'compiled') values.push(answer.value)
      if (values.length === job.paths.length) return end(null, '', true)
      timer = setTimeout(() => end('time'), ms)
    }
    const fail = (error: NodeJS.ErrnoException) =>
      end(error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'defect', String(error.stack))
    thread.on('message', hear).on('error', fail)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin to name
    thread.postMessage(job)
  })
}

export class ThreadedCompiler implements Compiler {
  readonly #limits: CompileLimits
  readonly #report: (details: string) => void
  readonly #idle: Worker[] = []
  readonly #waiting: (() => void)[] = []
  #busy = 0

  /** @param report is told of defects; authors see a sentence instead */
  constructor(report: (details: string) => void, limits: Partial<CompileLimits> = {}) {
    this.#limits = { ...usual, ...limits }
    this.#report = report
  }

  async commit(source: CommitSource): Promise<SnapshotDag[]> {
    const paths = notebooksOf(source.entries)
    const all = await this.#compile('commit', source, paths, (path, fault): SnapshotDag => {
      const faults = [fault]
      return { path, id: null, kind: 'dag', hash: '', bundle: [], spec: null, faults }
    })
    return withTwins(all)
  }

  async text(source: CommitSource, path: string): Promise<CheckedText> {
    const [one] = await this.#compile('text', source, [path], (path, fault): CheckedText => {
      return { cells: [], graph: [], bundle: [path], faults: [fault] }
    })
    if (one === undefined) throw new Error('a compilation gave nothing')
    return one
  }

  async uses(notebooks: CommitSource['notebooks'], paths: readonly string[]): Promise<UsedPaths> {
    const beyond = (): UsedPaths => ({ uses: [], unread: true })
    const all = await this.#compile('uses', { entries: [], notebooks }, paths, beyond)
    return { uses: [...new Set(all.flatMap(({ uses }) => uses))], unread: all.some(({ unread }) => unread) }
  }

  async #compile<T extends Value>(
    kind: Job['kind'],
    source: CommitSource,
    paths: readonly string[],
    refused: (path: string, fault: Fault) => T,
  ): Promise<T[]> {
    const out: T[] = []
    const until = Date.now() + this.#limits.commitMs
    while (out.length < paths.length) {
      const left = until - Date.now()
      const asked = left > 0 ? await this.#ask({ kind, source, paths: paths.slice(out.length) }, left) : null
      out.push(...((asked?.values ?? []) as T[]))
      const [path] = paths.slice(out.length)
      const why = asked === null ? 'time' : asked.why
      if (path !== undefined && why !== null) {
        const fault = faultOf(path, this.#words(why))
        // Another moment, or another thread, may have the time and the memory.
        out.push(refused(path, why === 'depth' ? fault : { ...fault, passing: true }))
      }
      if (why === 'defect') this.#report(`${path}: ${asked?.details}`)
    }
    return out
  }

  #words(why: Why): string {
    const { notebookMs, memory } = this.#limits
    const doing = 'look for a `pattern` that backtracks, or split it'
    if (why === 'time') return `it takes more than ${notebookMs / 1000} s to compile: ${doing}`
    if (why === 'memory') return `it takes more than ${memory} MB to compile: ${doing}`
    if (why === 'depth') return 'it is nested too deeply to be compiled'
    return 'it could not be compiled, which is a defect here and was logged'
  }

  async #ask(job: Job, left: number): Promise<Asked> {
    const thread = await this.#take()
    const asked = await ask(thread, job, Math.min(left, this.#limits.notebookMs))
    if (asked.sound) this.#idle.push(thread)
    else await thread.terminate()
    this.#busy--
    this.#waiting.shift()?.()
    return asked
  }

  /** A thread that has said it is ready, the place of which is taken; waits for its turn. */
  async #take(): Promise<Worker> {
    while (this.#busy >= this.#limits.threads) await new Promise<void>((turn) => this.#waiting.push(turn))
    this.#busy++
    const idle = this.#idle.pop()
    if (idle !== undefined) return idle
    const thread = new Worker(new URL('./thread.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: this.#limits.memory },
      env: {},
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    thread.unref()
    try {
      await new Promise((ready, failed) => thread.once('message', ready).once('error', failed))
    } catch (error) {
      this.#busy--
      throw error
    }
    // Between two jobs an error would end this process if nobody heard it; the next job finds the thread silent.
    thread.on('error', () => {})
    return thread
  }
}
