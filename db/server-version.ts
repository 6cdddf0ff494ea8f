import { DagbokError } from '#server/domain/errors/errors.ts'
import { openSql } from './sql.ts'

/** @param number as Postgres tells it: 180004 is 18.4. @throws DagbokError `unsupported` outside 16 to 18 */
export function checkVersionNumber(number: number): void {
  const major = Math.floor(number / 10_000)
  if (major >= 16 && major <= 18) return
  throw new DagbokError(
    'unsupported',
    `DATABASE_URL names a Postgres ${major}; Dagbok works with 16 to 18. Unset it to use the embedded one, or name another server.`,
  )
}

/** Asks the server at `url`. @throws DagbokError `unsupported`; `unavailable` when it cannot be reached */
export async function checkServerVersion(url: string): Promise<void> {
  const client = openSql(url, { max: 1, applicationName: 'dagbok start' })
  try {
    const [row] = await client<{ number: string }[]>`select current_setting('server_version_num') as number`
    checkVersionNumber(Number(row?.number))
  } catch (cause) {
    if (cause instanceof DagbokError) throw cause
    throw new DagbokError(
      'unavailable',
      `The Postgres of DATABASE_URL does not answer: ${(cause as Error).message || String((cause as NodeJS.ErrnoException).code)}`,
      { cause },
    )
  } finally {
    await client.end(2000)
  }
}
