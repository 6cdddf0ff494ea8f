/**
 * Compares tables in a process of its own, one pair after the other, so that a large table keeps no page waiting. The
 * process is there while it is wanted; it has a bound of time and of memory. A thread would take the whole product with
 * it when its memory ran out.
 */
import { fork, type ChildProcess } from 'node:child_process'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { TableDiff } from '../../views/comparison.ts'
import type { TableComparer, TablePair } from './table-comparer.ts'

export type ProcessAnswer = { diff: TableDiff } | { error: string }

const entry = new URL('./table-process-entry.ts', import.meta.url)

export interface ProcessLimits {
  /** For one pair. */
  ms: number
  heapMb: number
  /** How many may wait. */
  waiting: number
  /** ms without work after which the process ends. */
  idleMs: number
}

const usual: ProcessLimits = { ms: 20_000, heapMb: 1024, waiting: 20, idleMs: 30_000 }

const tooLarge = (why: string) =>
  new DagbokError('too_large', `These tables are too large to be compared here: ${why}.`)

export class TableProcess implements TableComparer {
  readonly #limits: ProcessLimits
  #child: ChildProcess | null = null
  #last: Promise<unknown> = Promise.resolve()
  #waiting = 0
  #idle: NodeJS.Timeout | null = null

  constructor(limits: Partial<ProcessLimits> = {}) {
    this.#limits = { ...usual, ...limits }
  }

  /** @throws DagbokError `too_large`; `too_many` when too many wait already */
  async compare(pair: TablePair): Promise<TableDiff> {
    if (this.#waiting >= this.#limits.waiting)
      throw new DagbokError('too_many', 'Too many tables are being compared: try again in a moment.')
    this.#waiting++
    if (this.#idle !== null) clearTimeout(this.#idle)
    const turn = this.#last.then(() => this.#ask(pair))
    this.#last = turn.catch(() => {})
    try {
      return await turn
    } finally {
      this.#waiting--
      if (this.#waiting === 0) {
        this.#idle = setTimeout(() => this.stop(), this.#limits.idleMs)
        this.#idle.unref()
      }
    }
  }

  /** Ends the process; the next pair starts another. */
  stop(): void {
    this.#child?.kill('SIGKILL')
    this.#child = null
  }

  async #ask(pair: TablePair): Promise<TableDiff> {
    const child = (this.#child ??= this.#start())
    try {
      return await this.#answer(child, pair)
    } catch (error) {
      // Whatever it is at, it must not go on.
      this.stop()
      throw error
    }
  }

  #answer(child: ChildProcess, pair: TablePair): Promise<TableDiff> {
    const { promise, resolve, reject } = Promise.withResolvers<TableDiff>()
    const timer = setTimeout(() => reject(tooLarge('it takes too long')), this.#limits.ms)
    const heard = (message: unknown) => {
      const answer = message as ProcessAnswer
      if ('diff' in answer) resolve(answer.diff)
      else reject(new Error(answer.error))
    }
    const gone = () => reject(tooLarge('it takes too much memory'))
    child.on('message', heard).on('error', reject).on('exit', gone)
    child.send(pair, (error) => error !== null && reject(error))
    return promise.finally(() => {
      clearTimeout(timer)
      child.off('message', heard).off('error', reject).off('exit', gone)
    })
  }

  #start(): ChildProcess {
    const child = fork(entry, {
      serialization: 'advanced',
      execArgv: [...process.execArgv, `--max-old-space-size=${this.#limits.heapMb}`],
      env: { NODE_ENV: 'production' },
      // What V8 prints when memory runs out helps nobody.
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const forget = () => {
      if (this.#child === child) this.#child = null
    }
    child.on('exit', forget).on('error', forget)
    child.unref()
    child.channel?.unref()
    return child
  }
}
