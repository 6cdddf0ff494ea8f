/** A process keeps off a database that is too new for it (R19): asked before it begins, and again while it works. */
import { DagbokError } from '#server/domain/errors/errors.ts'
import { throughOutages } from './outage.ts'
import { requireSchema } from './schema-version.ts'
import type { Sql } from './sql.ts'

/** Exit code of a process that the database refuses: to start it again is no use. `EX_CONFIG` of sysexits.h. */
export const refusedCode = 78

/** ms between two looks: a newer build may migrate it meanwhile. */
const beatMs = 10_000

interface Options {
  /** Is told of each outage in which the schema could not be asked at first. */
  away: (error: unknown) => void
  /** Ends the process with this code, once; the sentence for the user is printed already. */
  end: (code: number) => void
  everyMs?: number
}

function told(error: unknown): boolean {
  if (!(error instanceof DagbokError)) return false
  console.error(`dagbok: ${error.message}`)
  return true
}

/** Resolves when this build may work on the database, and looks on. A database that is away is waited for. */
export async function holdToSchema(sql: Sql, { away, end, everyMs = beatMs }: Options): Promise<void> {
  await throughOutages(() => requireSchema(sql), away).catch((error: unknown) => {
    if (!told(error)) throw error
    process.exit(refusedCode)
  })
  const again = () => void setTimeout(look, everyMs).unref()
  const look = () => {
    requireSchema(sql).then(again, (error: unknown) => (told(error) ? end(refusedCode) : again()))
  }
  again()
}
