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

/** Does the work, or throws what `late` gives after `ms`. */
export function within<T>(work: () => T, late: () => Error, ms = mostMs): T {
  holder[slot] = work
  try {
    return script.runInThisContext({ timeout: ms }) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw late()
    throw error
  } finally {
    holder[slot] = undefined
  }
}
