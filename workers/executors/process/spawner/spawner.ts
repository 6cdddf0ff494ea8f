/**
 * Starts processes by way of a small one (`main.cjs`). To start a process takes a copy of the page tables of whoever does
 * it: a worker of 150 MB stands still for 15 ms, a process that does nothing else for 2.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync } from 'node:fs'
import { Socket } from 'node:net'
import { delimiter, join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { Standstill } from './standstill.ts'

export interface Command {
  /** The program, looked up on the PATH of `env` unless it has a slash, and its arguments. */
  argv: readonly string[]
  cwd: string
  env: Record<string, string>
  /** Whose it is; null: the product's own. */
  uid: number | null
}

/** A named pipe: the end that is open for reading, and the path by which the other one is opened. */
export interface PipeToFill {
  reading: number
  path: string
}

export interface Exit {
  code: number | null
  signal: string | null
}

/** A process that leads a group, with a pipe at descriptor 3: its gate. */
export interface Spawned {
  pid: number
  /** Clock ticks since boot at which it began; null where nobody tells. */
  startTime: string | null
  /** Standard output and error, in the order they were written. */
  output: Socket
  /** Resolves when it has written to its gate. */
  ready: Promise<void>
  /**
   * Writes to its gate, and closes it.
   * @param by `sinceBoot()` after which it is too late for that: it is ended instead, and nobody says how
   */
  open: (word: string, by?: number) => void
  /** Closes its gate unopened. */
  shut: () => void
  /** To its group, as long as it lives. */
  signal: (signal: NodeJS.Signals) => void
  /** Resolves when it has ended, with all of its group; null: nobody knows how. */
  exited: Promise<Exit | null>
}

type Said =
  | { kind: 'failed'; code?: string; message: string }
  | { kind: 'started'; pid: number; startTime: string | null }
  | { kind: 'ready' }
  | { kind: 'exited'; code: number | null; signal: string | null; late: boolean }
  | { kind: 'ran'; code: number | null; said: string }

/** Hears what is said of one number; null: nothing more will be said. */
type Ear = (said: Said | null) => void

/** Nobody knows how it ended: whoever would have heard of it is gone, or let it through its gate too late. */
export const unheard = (): DagbokError =>
  new DagbokError(
    'internal',
    'The process that starts tasks on this machine was ended or stood still, and this one was ended with it.',
  )
/** ms between two questions whether it still answers. */
const beatMs = 5000
const errorOf = ({ code, message }: { code?: string; message: string }) =>
  Object.assign(new Error(message), code === undefined ? {} : { code })

export class Spawner {
  readonly #path: string
  #process: ChildProcess | null = null
  readonly #ears = new Map<number, Ear>()
  #last = 0
  readonly #standstill: Standstill
  /**
   * @param path search path for programs of the product's own, before where every system has them
   * @param everyMs ms between two questions whether the process that starts others still answers
   */
  constructor(path: string, everyMs = beatMs) {
    this.#path = [path, '/usr/bin', '/bin'].join(delimiter)
    this.#standstill = new Standstill(
      () => this.#beat(),
      () => this.#process?.kill('SIGKILL'),
      everyMs,
    )
  }

  /** Only what waits for something of it is held up by a standstill. */
  #beat(): void {
    if (this.#ears.size > 0) this.#tell({ id: 0, kind: 'ping' })
    else this.#standstill.heard()
  }

  /** The process that starts others; it is begun anew where it was ended. */
  #running(): ChildProcess {
    if (this.#process !== null) return this.#process
    const child = spawn(
      process.execPath,
      ['--max-semi-space-size=1', join(import.meta.dirname, 'main.cjs'), this.#path],
      {
        cwd: '/',
        env: {} as NodeJS.ProcessEnv,
        stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        // A Ctrl-C in the terminal is not for it: it goes when this process goes.
        detached: true,
      },
    )
    child.on('message', ({ id, ...said }: Said & { id: number }) => {
      this.#standstill.heard()
      this.#ears.get(id)?.(said)
    })
    const over = () => {
      if (this.#process !== child) return
      this.#process = null
      this.#standstill.stop()
      const ears = [...this.#ears.values()]
      this.#ears.clear()
      for (const ear of ears) ear(null)
    }
    child.once('error', over)
    child.once('exit', over)
    child.unref()
    child.channel?.unref()
    this.#process = child
    this.#standstill.start()
    return child
  }

  /** As long as an answer is waited for, this process does not end for want of work. */
  #answered<Answer>(answer: Promise<Answer>): Promise<Answer> {
    const work = setInterval(() => {}, 2 ** 30)
    return answer.finally(() => clearInterval(work))
  }

  #tell(message: { id: number; kind: string } & Record<string, unknown>): void {
    const child = this.#running()
    // One that does not hear it any more says so by its end; one that could not be started has no ear.
    if (child.connected) child.send(message, () => {})
  }

  /** @throws what `spawn` fails with, with its code; DagbokError `internal` when the process that starts others ends */
  async start({ argv, cwd, env, uid }: Command, { reading, path }: PipeToFill): Promise<Spawned> {
    const id = ++this.#last
    const { promise: exited, resolve: exit } = Promise.withResolvers<Exit | null>()
    const { promise: ready, resolve: isReady } = Promise.withResolvers<void>()
    const begun = new Promise<{ pid: number; startTime: string | null }>((resolve, reject) => {
      this.#ears.set(id, (said) => {
        if (said?.kind === 'started') return resolve(said)
        if (said?.kind === 'ready') return isReady()
        this.#ears.delete(id)
        reject(said?.kind === 'failed' ? errorOf(said) : unheard())
        exit(said?.kind === 'exited' && !said.late ? { code: said.code, signal: said.signal } : null)
      })
    })
    this.#tell({ id, kind: 'start', argv, cwd, env, uid, pipe: path })
    const { pid, startTime } = await this.#answered(begun).catch((error: unknown) => {
      closeSync(reading)
      throw error
    })
    const output = new Socket({ fd: reading, readable: true, writable: false })
    output.pause()
    return {
      pid,
      startTime,
      output,
      ready,
      open: (word, by) => this.#toLiving(id, { kind: 'open', word, by }),
      shut: () => this.#toLiving(id, { kind: 'shut' }),
      signal: (signal) => this.#toLiving(id, { kind: 'signal', signal }),
      exited,
    }
  }

  #toLiving(id: number, message: { kind: string } & Record<string, unknown>): void {
    if (this.#ears.has(id)) this.#tell({ id, ...message })
  }

  /** Runs a program of the product's own to its end. @returns its exit code and what it complained of. @throws as `start` */
  async run(argv: readonly string[]): Promise<{ code: number | null; said: string }> {
    const id = ++this.#last
    const answer = new Promise<{ code: number | null; said: string }>((resolve, reject) => {
      this.#ears.set(id, (said) => {
        this.#ears.delete(id)
        if (said?.kind === 'ran') resolve({ code: said.code, said: said.said })
        else reject(said?.kind === 'failed' ? errorOf(said) : unheard())
      })
    })
    this.#tell({ id, kind: 'run', argv })
    return this.#answered(answer)
  }

  /** Ends the process that starts others. What runs of them goes on, and nobody hears of its end. */
  async close(): Promise<void> {
    const child = this.#process
    if (child === null) return
    const over = once(child, 'exit')
    child.ref()
    child.kill('SIGKILL')
    await over
  }
}
