/** Makes the runs that schedules ask for: each tick once (R9). Time is the database's. */
import type { Logger } from 'pino'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { plainDeployment, type Usual } from '#server/domain/run/deployment.ts'
import { failpoint } from '#server/config/failpoint.ts'
import { fireSchedule } from '#server/services/schedule/fire.ts'
import { takeOverSchedules } from '#server/services/schedule/take-over.ts'
import { realEffects, type Effects } from './effects.ts'

/** Schedules looked at in one go. */
const batch = 200
/** ms between two looks for schedules that a push did not take over: after an upgrade, or a default branch's change. */
const takeOverMs = 15_000

export class CronEnqueuer {
  readonly #store: SchedulingStore
  readonly #log: Logger
  readonly #elapsed: Effects['elapsed']
  readonly #usual: Usual
  #tookOver = -Infinity
  /** Whether a tick waits for a place in its DAG's queue. */
  waits = true

  constructor(
    store: SchedulingStore,
    log: Logger,
    { elapsed }: Pick<Effects, 'elapsed'> = realEffects,
    usual: Usual = plainDeployment,
  ) {
    this.#store = store
    this.#log = log
    this.#elapsed = elapsed
    this.#usual = usual
  }

  /**
   * Fires what is due. @param now the database's time where it is not given
   * @returns ms until the next tick; null if there is none, or if the next one waits for a run to end
   */
  async look(now?: Date): Promise<number | null> {
    // Until this look knows better: a place that is made meanwhile must not be missed.
    this.waits = true
    await this.#takeOver(now ?? null)
    const moment = now ?? (await this.#store.databaseNow())
    const due = await this.#store.dueSchedules(moment, batch)
    let [moved, waiting] = [0, 0]
    for (const schedule of due)
      await this.#try('a schedule could not be fired', async () => {
        const fired = await this.#store.transaction((tx) => fireSchedule(tx, schedule, moment, this.#usual))
        await failpoint('schedule.fire.after-record')
        if (fired === 'done') moved++
        else waiting++
      })
    if (moved > 0) return 0
    const next = await this.#store.soonestTick(moment)
    this.waits = waiting > 0
    return next === null ? null : next.getTime() - moment.getTime()
  }

  async #takeOver(now: Date | null): Promise<void> {
    if (now === null && this.#elapsed() - this.#tookOver < takeOverMs) return
    this.#tookOver = this.#elapsed()
    await this.#try('schedules could not be taken over', () =>
      this.#store.transaction((tx) => takeOverSchedules(tx, null, now)),
    )
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
