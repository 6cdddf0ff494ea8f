/** What keeps the deployment small: old runs go by policy, then the bytes that were theirs. Any number may run. */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { deleteTriedPrograms } from '#db/queries/program.ts'
import { deleteOldRuns } from '#db/queries/retention.ts'
import { deleteReplacedSecrets } from '#db/queries/secret.ts'
import type { BlobShelf } from '#server/storage/artifact-store.ts'
import { Wakeful } from '../scheduler/wakeful.ts'
import { alone } from './alone.ts'
import { collectBlobs, settledMs } from './blob-collector.ts'

/** ms from the start to the first round, and between two rounds. */
const firstMs = 120_000
const roundMs = 3_600_000
/** ms between two looks through the whole store. */
const collectMs = 86_400_000
/** Runs of one transaction. */
const together = 20

export interface Policy {
  /** Days that runs stay after their end; null: for ever. */
  keepDays: number | null
}

interface Options {
  db: Database
  databaseUrl: string
  shelf: BlobShelf
  policy: Policy
  log: Logger
}

export class Maintenance {
  readonly #loop: Wakeful
  #first: NodeJS.Timeout | null = null
  #collectedAt = 0

  constructor({ db, databaseUrl, shelf, policy, log }: Options) {
    const round = async (): Promise<null> => {
      const runs = policy.keepDays === null ? 0 : await this.#deleteRuns(db, policy.keepDays)
      if (runs > 0) log.info({ runs, days: policy.keepDays }, 'old runs were deleted')
      await deleteTriedPrograms(db)
      await deleteReplacedSecrets(db)
      if (Date.now() < this.#collectedAt + collectMs) return null
      this.#collectedAt = Date.now()
      const blobs = await alone(databaseUrl, () =>
        collectBlobs(db, shelf, settledMs, () => this.#loop.stopped),
      )
      if (blobs !== null && blobs.removed + blobs.setAside + blobs.unfinished > 0)
        log.info(blobs, 'blobs that nobody needs were collected')
      return null
    }
    this.#loop = new Wakeful(round, roundMs, (error) => log.error({ err: error }, 'maintenance failed'))
  }

  start(): void {
    this.#first = setTimeout(() => this.#loop.wake(), firstMs)
  }

  async stop(): Promise<void> {
    if (this.#first !== null) clearTimeout(this.#first)
    await this.#loop.stop()
  }

  /** In small transactions: nobody waits long behind one. */
  async #deleteRuns(db: Database, days: number): Promise<number> {
    for (let all = 0; ;) {
      const gone = await db.transaction((tx) => deleteOldRuns(tx, days, together))
      all += gone
      if (gone === 0 || this.#loop.stopped) return all
    }
  }
}
