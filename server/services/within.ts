/**
 * A bound on synchronous work for authors' texts on the event loop: expressions, patterns of params. V8 ends what runs
 * longer, also in the middle of a regular expression.
 */
import { Script } from 'node:vm'

const slot = Symbol.for('dagbok.within')
const holder = globalThis as { [slot]?: (() => unknown) | undefined }
const script = new Script("globalThis[Symbol.for('dagbok.within')]()")

/** ms that one text of an author may hold up everybody else. */
export const mostMs = 2000

/** How often a text that got no processor is begun again before it is ended all the same. */
const mostTries = 4

const isLate = (error: unknown) =>
  (error as NodeJS.ErrnoException | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'

/** ms of processor time that this thread has had. */
const hadMs = () => {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

/**
 * Does the work, or throws what `late` gives after `ms`. V8 counts the time of the clock: a process that was stopped
 * meanwhile, or a machine that slept, has not worked. Then it is begun again: what `work` does may happen twice.
 */
export function within<T>(work: () => T, late: () => Error, ms = mostMs): T {
  holder[slot] = work
  const before = hadMs()
  try {
    for (let tries = 1; ; tries++)
      try {
        return script.runInThisContext({ timeout: ms }) as T
      } catch (error) {
        if (!isLate(error)) throw error
        if (hadMs() - before > ms / 10 || tries === mostTries) throw late()
      }
  } finally {
    holder[slot] = undefined
  }
}
