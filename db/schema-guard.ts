/** A process keeps off a database that is too new for it (R19): asked before it begins, and again while it works. */
import { DagbokError } from '#server/domain/errors/errors.ts'
import { throughOutages } from './outage.ts'
import { requireSchema } from './schema-version.ts'
import type { Sql } from './sql.ts'

/** Exit code of a process that the database refuses: to start it again is no use. `EX_CONFIG` of sysexits.h. */
export const refusedCode = 78

/** ms between two looks: a newer build may migrate it meanwhile. */
const beatMs = 10_000

function told(error: unknown): boolean {
  if (!(error instanceof DagbokError)) return false
  console.error(`dagbok: ${error.message}`)
  return true
}

/**
 * Resolves when this build may work on the database; where it may not, the process ends with a sentence.
 * @param away is told of each outage that is waited for
 */
export const holdToSchema = (sql: Sql, away: (error: unknown) => void): Promise<void> =>
  throughOutages(() => requireSchema(sql), away).catch((error: unknown) => {
    if (!told(error)) throw error
    process.exit(refusedCode)
  })

/** Looks on while the process works. @param end ends it with this code, once: the sentence is printed already */
export function watchSchema(sql: Sql, end: (code: number) => void, everyMs = beatMs): void {
  const again = () => void setTimeout(look, everyMs).unref()
  const look = () => {
    requireSchema(sql).then(again, (error: unknown) => (told(error) ? end(refusedCode) : again()))
  }
  again()
}
