/**
 * Interpreters that were started before they are wanted: each waits at the start gate, becomes one attempt, and is never
 * used again, so that attempts share nothing. A language has some in store while it is in use. See
 * docs/decisions/0004-warm-interpreters.md.
 */
import { closeSync } from 'node:fs'
import { join } from 'node:path'
import type { Host } from '../host.ts'
import type { Spawned } from '../spawner/spawner.ts'
import type { TaskProcess } from '../task-process.ts'

export type WarmLanguage = 'python' | 'javascript' | 'typescript'

export interface WarmScript {
  language: WarmLanguage
  /** Relative to the working directory. */
  path: string
  args: string[]
}

interface Spare {
  spawned: Spawned
  ready: boolean
}

interface Store {
  language: WarmLanguage
  /** What the interpreter reads of its environment when it starts. */
  base: Record<string, string>
  spares: Set<Spare>
  /** How many are being started. */
  begun: number
  /** Ends what is in store once the language has not been used for a while. */
  unused: NodeJS.Timeout
  /** Starts that failed one after the other. */
  failures: number
}

/** How many wait for each kind of script, and how many kinds there are. */
const [inStore, kinds] = [2, 4]
/** ms without a use after which they go. */
const unusedMs = 60_000
/** ms after a start: the next one is made while that one runs, not while it begins. */
const refillMs = 15
/** Bytes of a word: what is longer is left to a start of its own, which says so if it is too long. */
const longestWord = 100_000

const commands: Record<WarmLanguage, (bin: string) => string[]> = {
  python: (bin) => ['python3', '-u', join(bin, 'idle.py')],
  javascript: (bin) => ['node', join(bin, 'idle.cjs')],
  typescript: (bin) => ['node', '--disable-warning=ExperimentalWarning', join(bin, 'idle.cjs')],
}

/** Variables by which an interpreter would load other code, or be another one: such an attempt is started by itself. */
const steering = /^(NODE_|PYTHON|LD_|DYLD_|GLIBC_|MALLOC_|UV_|OPENSSL_)/
/** Begin like those, and steer nothing: images of the languages say with them what they are. */
const naming = /^(NODE|PYTHON|YARN)_([A-Z]+_)*(VERSION|SHA256|URL)$/
/** Variables that are read when an interpreter starts, and say how it speaks, not what it runs. */
const read = /^(LANG|LANGUAGE|LC_.*|TZ|PATH|SSL_CERT_FILE|SSL_CERT_DIR)$/

/** The variables that its store must share; null when it has to be started by itself. */
export function baseOf(env: Record<string, string>): Record<string, string> | null {
  if (Object.keys(env).some((name) => steering.test(name) && !naming.test(name))) return null
  return Object.fromEntries(
    Object.entries(env)
      .filter(([name]) => read.test(name))
      .toSorted(([a], [b]) => (a < b ? -1 : 1)),
  )
}

export class WarmStarts {
  readonly #host: Host
  readonly #stores = new Map<string, Store>()
  #closed = false

  constructor(host: Host) {
    this.#host = host
  }

  /** One that waits behind its gate, for this script; null when none is in store, or the script wants its own start. */
  take(
    script: WarmScript,
    attempt: { id: string; cwd: string; env: Record<string, string> },
  ): TaskProcess | null {
    const base = baseOf(attempt.env)
    const { id, cwd, env } = attempt
    // A shell, through which other attempts start, says where it is.
    const variables = Object.entries({ ...env, PWD: cwd }).map(([name, value]) => `${name}=${value}`)
    const word = [id, cwd, script.path, String(script.args.length), ...script.args]
      .concat(variables)
      .join('\0')
    const bytes = Buffer.from(word)
    const whole = word.split('\0').length === 4 + script.args.length + variables.length
    if (base === null || !whole || bytes.length > longestWord || this.#closed) return null
    const store = this.#storeOf(script.language, base)
    const spare = [...store.spares].find(({ ready }) => ready)
    setTimeout(() => this.#fill(store), refillMs).unref()
    if (spare === undefined) return null
    store.spares.delete(spare)
    const { spawned } = spare
    const length = bytes.length.toString(16).padStart(8, '0')
    return { ...spawned, open: (by) => spawned.open(`${length}${word}`, by) }
  }

  /** Ends all that wait. */
  async close(): Promise<void> {
    this.#closed = true
    await Promise.all([...this.#stores.values()].map((store) => this.#empty(store)))
  }

  #storeOf(language: WarmLanguage, base: Record<string, string>): Store {
    const key = `${language} ${JSON.stringify(base)}`
    const known = this.#stores.get(key)
    if (known !== undefined) {
      known.unused.refresh()
      return known
    }
    const [oldest] = this.#stores
    if (this.#stores.size >= kinds && oldest !== undefined) {
      this.#stores.delete(oldest[0])
      void this.#empty(oldest[1])
    }
    const unused = setTimeout(() => void this.#empty(store), unusedMs)
    unused.unref()
    const store: Store = { language, base, spares: new Set(), begun: 0, unused, failures: 0 }
    this.#stores.set(key, store)
    return store
  }

  async #empty(store: Store): Promise<void> {
    const ended = [...store.spares].map(async ({ spawned }) => {
      spawned.signal('SIGKILL')
      spawned.output.destroy()
      await spawned.exited
    })
    store.spares.clear()
    await Promise.all(ended)
  }

  #fill(store: Store): void {
    if (!this.#keeps(store)) return
    // Three that did not come so far: this machine has no such interpreter, or does not let it be prepared.
    for (let n = store.spares.size + store.begun; n < inStore && store.failures < 3; n++) {
      store.begun++
      this.#start(store)
        .catch(() => store.failures++)
        .finally(() => store.begun--)
    }
  }

  #keeps(store: Store): boolean {
    return !this.#closed && [...this.#stores.values()].includes(store)
  }

  #waits(store: Store, spare: Spare): void {
    spare.ready = true
    store.failures = 0
  }

  /** It fell while it waited, or could not be started. */
  #fell(store: Store, spare: Spare): void {
    if (!store.spares.delete(spare)) return
    spare.spawned.output.destroy()
    store.failures++
  }

  async #start(store: Store): Promise<void> {
    const { runtime, uid, pipes, spawner } = this.#host
    const pipe = await pipes.take()
    // In the place of the attempt's id, which is written over it; a home that nobody has.
    const env = { ...store.base, HOME: '/nonexistent', DAGBOK_ATTEMPT_ID: '0'.repeat(36) }
    const argv = commands[store.language](join(runtime, 'bin'))
    if (!this.#keeps(store)) {
      // It was closed, or made room for another, meanwhile: one that is started now nobody would end.
      closeSync(pipe.reading)
      return
    }
    const spawned = await spawner.start({ argv, cwd: '/', env, uid }, pipe)
    const spare: Spare = { spawned, ready: false }
    store.spares.add(spare)
    void spawned.exited.then(() => this.#fell(store, spare))
    void spawned.ready.then(() => this.#waits(store, spare))
    // It was closed while this one began.
    if (!this.#keeps(store)) await this.#empty(store)
  }
}
