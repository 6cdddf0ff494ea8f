/** Makes the runs that schedules ask for: each tick once (R9). Time is the database's. */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { databaseNow, dueSchedules, soonestTick } from '#db/queries/schedule.ts'
import { fireSchedule } from '#server/services/schedule/fire.ts'
import { takeOverSchedules } from '#server/services/schedule/take-over.ts'

/** Schedules looked at in one go. */
const batch = 200

export class CronEnqueuer {
  readonly #db: Database
  readonly #log: Logger

  constructor(db: Database, log: Logger) {
    this.#db = db
    this.#log = log
  }

  /**
   * Fires what is due. @param now the database's time where it is not given
   * @returns ms until the next tick; null if there is none, or if the next one waits for a run to end
   */
  async look(now?: Date): Promise<number | null> {
    await this.#try('schedules could not be taken over', () =>
      this.#db.transaction((tx) => takeOverSchedules(tx, null, now ?? null)),
    )
    const moment = now ?? (await databaseNow(this.#db))
    const due = await dueSchedules(this.#db, moment, batch)
    let moved = 0
    for (const schedule of due)
      await this.#try('a schedule could not be fired', async () => {
        const fired = await this.#db.transaction((tx) => fireSchedule(tx, schedule, moment))
        if (fired === 'done') moved++
      })
    if (moved > 0) return 0
    const next = await soonestTick(this.#db, moment)
    return next === null ? null : next.getTime() - moment.getTime()
  }

  /** One that fails stalls no other (R18); it is tried again at the next look. */
  async #try(failed: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work()
    } catch (error) {
      this.#log.error({ err: error }, failed)
    }
  }
}
