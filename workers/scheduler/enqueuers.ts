/**
 * Everything that makes runs without being asked: schedules, backfills, DAGs that wait for others. Woken by NOTIFY and by
 * the clock; a slow poll is the safety net. Any number may run on one database.
 */
import { enqueueChannel } from '#db/queries/live.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { BackfillEnqueuer } from './backfill-enqueuer.ts'
import { CronEnqueuer } from './cron-enqueuer.ts'
import { EventFollower } from './event-follower.ts'
import { Wakeful } from './wakeful.ts'

/** ms between two looks at most. */
const pollMs = 15_000

export class Enqueuers {
  readonly #ctx: ServiceContext
  readonly #loops: Wakeful[]
  #unlisten: (() => Promise<void>) | null = null

  constructor(ctx: ServiceContext) {
    this.#ctx = ctx
    const { db, log } = ctx
    this.#loops = [new CronEnqueuer(db, log), new BackfillEnqueuer(db, log), new EventFollower(ctx)].map(
      (one) =>
        new Wakeful(
          () => one.look(),
          pollMs,
          (error) => log.error({ err: error }, 'what is due could not be looked at'),
        ),
    )
  }

  async start(): Promise<void> {
    const wake = () => {
      for (const loop of this.#loops) loop.wake()
    }
    const subscription = await this.#ctx.db.client.listen(enqueueChannel, wake)
    this.#unlisten = () => subscription.unlisten()
    wake()
  }

  async stop(): Promise<void> {
    await this.#unlisten?.()
    await Promise.all(this.#loops.map((loop) => loop.stop()))
  }
}
