/** What an attempt is given of its team's secrets, and what its log is kept free of. */
import type { Queryable } from '#db/client.ts'
import { sealedSecrets } from '#db/queries/secret.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { noSecrets, SecretMatcher } from '../../domain/secret/secret-matcher.ts'
import type { SecretBox } from './secret-box.ts'

export class SecretsOfAttempts {
  readonly #db: Queryable
  readonly #box: SecretBox

  constructor(db: Queryable, box: SecretBox) {
    this.#db = db
    this.#box = box
  }

  /**
   * By name, as they stand.
   * @throws DagbokError `bad_input` with a sentence where the team has none of a name; `unavailable` where one cannot be opened
   */
  async values(runId: string, names: readonly string[]): Promise<Record<string, string>> {
    if (names.length === 0) return {}
    const found = await sealedSecrets(this.#db, runId, names)
    const standing = new Map(found.filter(({ stands }) => stands).map((row) => [row.name, row]))
    const missing = names.filter((name) => !standing.has(name))
    if (missing.length > 0)
      throw new DagbokError(
        'bad_input',
        `The team has no secret ${missing.join(', ')}: an owner sets it in the settings, or with \`dagbok secret set ${missing[0] ?? ''}\`. Then run the task anew.`,
      )
    return Object.fromEntries(
      [...standing.values()].map((row) => [row.name, this.#box.open(row, row.sealed)]),
    )
  }

  /** Finds all that an attempt may have been given under these names, also what was replaced since. */
  async matcherOf(runId: string, names: readonly string[]): Promise<SecretMatcher> {
    if (names.length === 0) return noSecrets
    const found = await sealedSecrets(this.#db, runId, names)
    try {
      return new SecretMatcher(found.map((row) => this.#box.open(row, row.sealed)))
    } catch {
      return new SecretMatcher(null)
    }
  }
}
