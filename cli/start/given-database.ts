/** The database of a product that is not this process's own. */
import { processSettings } from '#server/config/environment.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'

/** Its address. @throws DagbokError `bad_input`: none is given */
export function givenDatabase(): string {
  const { DATABASE_URL } = processSettings()
  if (DATABASE_URL !== undefined) return DATABASE_URL
  throw new DagbokError(
    'bad_input',
    'DATABASE_URL is not set: give it the address of the Postgres. (The embedded one is seen to by `npm start`.)',
  )
}
