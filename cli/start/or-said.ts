/** A command whose failure, where a person can mend it, is one line. */
import { DagbokError } from '#server/domain/errors/errors.ts'

/** The process ends with 1 where it fails. @throws what is nobody's fault who reads it */
export async function orSaid(work: () => Promise<unknown>): Promise<void> {
  try {
    await work()
  } catch (error) {
    process.exitCode = 1
    const stopped = error instanceof Error && error.name === 'AbortError'
    if (!stopped && !(error instanceof DagbokError)) throw error
    console.error(`dagbok: ${stopped ? 'stopped' : error.message}`)
  }
}
