/** Makes the runs that a cron asks for: each tick once (R9), of what was missed only the newest. */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { databaseNow, moveCursor, scheduledDags, type ScheduledDag } from '#db/queries/schedule.ts'
import { canonicalJson } from '#server/domain/json.ts'
import { newestDue, nextTick } from '#server/domain/schedule/ticks.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { paramsSchema } from '#server/domain/run/params.ts'
import { checkParams } from '#server/services/run/check-params.ts'
import { Wakeful } from './wakeful.ts'

/** ms between two looks at most: schedules change with a push. */
const pollMs = 15_000

export class CronEnqueuer {
  readonly #db: Database
  readonly #loop: Wakeful

  constructor(db: Database, log: Logger) {
    this.#db = db
    this.#loop = new Wakeful(
      () => this.look(),
      pollMs,
      (error) => log.error({ err: error }, 'schedules could not be looked at'),
    )
  }

  start(): void {
    this.#loop.wake()
  }

  async stop(): Promise<void> {
    await this.#loop.stop()
  }

  /** Fires what is due. @returns ms until the next tick; null if there is none */
  async look(now?: Date): Promise<number | null> {
    const moment = now ?? (await databaseNow(this.#db))
    let soonest: Date | null = null
    for (const scheduled of await scheduledDags(this.#db)) {
      const next = await this.#fire(scheduled, moment)
      if (next !== null && (soonest === null || next < soonest)) soonest = next
    }
    return soonest === null ? null : Math.max(0, soonest.getTime() - moment.getTime())
  }

  async #fire(
    { dagId, versionId, spec, lastTick, lastSchedule }: ScheduledDag,
    now: Date,
  ): Promise<Date | null> {
    const [schedule] = spec.schedule
    if (schedule === undefined) return null
    const next = nextTick(schedule, now)
    // What was due before this schedule was there is not due.
    const same = canonicalJson(lastSchedule) === canonicalJson(spec.schedule)
    const due = lastTick === null || !same ? null : newestDue(schedule, lastTick, now)
    if (same && due === null) return next
    await this.#db.transaction(async (tx) => {
      const moved = await moveCursor(tx, {
        dagId,
        versionId,
        before: lastTick,
        lastTick: due ?? now,
        nextTick: next,
      })
      if (!moved || due === null) return
      await createRun(tx, {
        dagId,
        versionId,
        spec,
        trigger: 'schedule',
        triggeredBy: null,
        params: checkParams(paramsSchema(spec), schedule.params),
        logicalDate: due,
        intervalStart: due,
        intervalEnd: due,
      })
    })
    return next
  }
}
