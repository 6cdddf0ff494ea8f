/** Starts DAGs that wait for others. */
import { dueEvents, putOffEvent } from '#db/queries/trigger.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { followEvent } from '#server/services/trigger/follow-event.ts'

/** Events looked at in one go. */
const batch = 200

export class EventFollower {
  readonly #ctx: ServiceContext

  constructor(ctx: ServiceContext) {
    this.#ctx = ctx
  }

  /** @returns 0 when there may be more, else ms until one that failed is tried again; null without one */
  async look(): Promise<number | null> {
    const { due, nextMs } = await dueEvents(this.#ctx.db, batch)
    for (const id of due) {
      try {
        await followEvent(this.#ctx, id)
      } catch (error) {
        this.#ctx.log.error({ err: error, event: id }, 'an event could not be followed')
        await putOffEvent(this.#ctx.db, id)
      }
    }
    return due.length > 0 ? 0 : nextMs
  }
}
