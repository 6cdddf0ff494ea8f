import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { changeBackfill, type BackfillRef } from './change-backfill.ts'

/** Makes no further runs; those that are there go on. @throws DagbokError `not_found`, `forbidden`, `conflict` */
export const pauseBackfill = (ctx: ServiceContext, actor: Actor, ref: BackfillRef): Promise<void> =>
  changeBackfill(ctx, actor, ref, { verb: 'pause', from: ['running'], to: 'paused' })
