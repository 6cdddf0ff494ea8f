/**
 * Everything that makes runs without being asked: schedules, backfills, DAGs that wait for others. Woken by NOTIFY and by
 * the clock; a slow poll is the safety net. Any number may run on one database.
 */
import { enqueueChannel, enqueueReasons, type EnqueueReason } from '#db/queries/live.ts'
import { postgresStore } from '#db/scheduling-store.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { BackfillEnqueuer } from './backfill-enqueuer.ts'
import { CronEnqueuer } from './cron-enqueuer.ts'
import { EventFollower } from './event-follower.ts'
import { realEffects } from './effects.ts'
import { Wakeful } from './wakeful.ts'

/** ms between two looks at most. */
export const pollMs = 15_000

export class Enqueuers {
  readonly #ctx: ServiceContext
  readonly #loops: Wakeful[]
  /** Who wants to hear of what. */
  readonly #hear: Record<EnqueueReason, () => void>
  #unlisten: (() => Promise<void>) | null = null

  constructor(ctx: ServiceContext) {
    this.#ctx = ctx
    const { db, log, deployment } = ctx
    const [cron, backfills, events] = [
      new CronEnqueuer(postgresStore(db), log, realEffects, deployment),
      new BackfillEnqueuer(db, log, deployment),
      new EventFollower(ctx),
    ]
    const loop = (one: { look: () => Promise<number | null> }) =>
      new Wakeful(
        () => one.look(),
        pollMs,
        (error) => log.error({ err: error }, 'what is due could not be looked at'),
      )
    const [ofCron, ofBackfills, ofEvents] = [loop(cron), loop(backfills), loop(events)]
    this.#loops = [ofCron, ofBackfills, ofEvents]
    this.#hear = {
      schedule: () => ofCron.wake(),
      backfill: () => ofBackfills.wake(),
      event: () => ofEvents.wake(),
      place: () => {
        if (cron.waits) ofCron.wake()
        if (backfills.waits) ofBackfills.wake()
      },
    }
  }

  async start(): Promise<void> {
    const subscription = await this.#ctx.db.client.listen(
      enqueueChannel,
      (why) => {
        if (isReason(why)) this.#hear[why]()
      },
      () => {
        for (const loop of this.#loops) loop.wake()
      },
    )
    this.#unlisten = () => subscription.unlisten()
  }

  async stop(): Promise<void> {
    await this.#unlisten?.()
    await Promise.all(this.#loops.map((loop) => loop.stop()))
  }
}

const isReason = (text: string): text is EnqueueReason => (enqueueReasons as readonly string[]).includes(text)
