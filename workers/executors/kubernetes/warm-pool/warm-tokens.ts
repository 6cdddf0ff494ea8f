/** Tokens of the workers that a cluster is asked for: one for each Deployment, for its queue alone. */
import type { Database } from '#db/client.ts'
import type { WarmDemand, WarmToken } from '#db/queries/warm-pool.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { createWorkerToken, revokeWorkerToken } from '#server/services/worker/worker-tokens.ts'

export const nameOfQueue = (queueKey: string): string => queueKey.slice(queueKey.indexOf('/') + 1)
export const teamOfQueue = (queueKey: string): string => queueKey.slice(0, queueKey.indexOf('/'))

export interface Spare {
  id: string
  secret: string
}

/** Characters of a token's name. */
const longestName = 100

export class WarmTokens {
  readonly #db: Database
  readonly #cluster: string
  /** By queue, what was made and is in no Deployment yet: to try again makes no other. */
  readonly #spare = new Map<string, Spare>()

  constructor(db: Database, cluster: string) {
    this.#db = db
    this.#cluster = cluster
  }

  async of({ queueKey, teamId }: WarmDemand, image: string): Promise<Spare> {
    const known = this.#spare.get(queueKey)
    if (known !== undefined) return known
    const short = image.length > 60 ? `${image.slice(0, 59)}…` : image
    const name = `${short} on ${this.#cluster}`.slice(0, longestName)
    const queue = nameOfQueue(queueKey)
    const made = await createWorkerToken(this.#db, { teamId, createdBy: null, name, queue })
    this.#spare.set(queueKey, made)
    return made
  }

  /** It is in a Deployment, or may be. */
  used(queueKey: string): void {
    this.#spare.delete(queueKey)
  }

  isSpare(id: string): boolean {
    return [...this.#spare.values()].some((one) => one.id === id)
  }

  /** Workers that come with it are refused from now on; somebody may have done that already. */
  async revoke({ teamId, id }: Pick<WarmToken, 'teamId' | 'id'>): Promise<void> {
    try {
      await revokeWorkerToken(this.#db, { teamId, userId: null, id })
    } catch (error) {
      if (!(error instanceof DagbokError && error.code === 'not_found')) throw error
    }
  }
}
