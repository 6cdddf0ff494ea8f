import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { changeBackfill, type BackfillRef } from './change-backfill.ts'

/** Goes on where it was paused. @throws DagbokError `not_found`, `forbidden`, `conflict` */
export const resumeBackfill = (ctx: ServiceContext, actor: Actor, ref: BackfillRef): Promise<void> =>
  changeBackfill(ctx, actor, ref, { verb: 'resume', from: ['paused'], to: 'running' })
