/** Makes the runs of backfills, a few at a time. */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { runningBackfills } from '#db/queries/backfill.ts'
import type { Usual } from '#server/domain/run/deployment.ts'
import { advanceBackfill } from '#server/services/backfill/advance-backfill.ts'

export class BackfillEnqueuer {
  readonly #db: Database
  readonly #log: Logger
  readonly #usual: Usual
  /** Whether a backfill runs, which the end of a run may let go on. */
  waits = true

  constructor(db: Database, log: Logger, usual: Usual) {
    this.#db = db
    this.#log = log
    this.#usual = usual
  }

  /** @returns 0 when there is more to make at once, else null: the end of a run makes room */
  async look(): Promise<number | null> {
    let more = false
    this.waits = true
    const running = await runningBackfills(this.#db)
    for (const id of running) {
      try {
        more = (await this.#db.transaction((tx) => advanceBackfill(tx, id, this.#usual))) || more
      } catch (error) {
        this.#log.error({ err: error, backfill: id }, 'a backfill could not go on')
      }
    }
    this.waits = running.length > 0
    return more ? 0 : null
  }
}
