import { z } from 'zod'
import { requireDag } from '../../services/dag/address.ts'
import { cancelBackfill } from '../../services/backfill/cancel-backfill.ts'
import { createBackfill } from '../../services/backfill/create-backfill.ts'
import { pauseBackfill } from '../../services/backfill/pause-backfill.ts'
import { previewBackfill } from '../../services/backfill/plan-backfill.ts'
import {
  backfillView,
  listBackfillDates,
  listBackfills,
  requireBackfill,
} from '../../services/backfill/read-backfill.ts'
import { resumeBackfill } from '../../services/backfill/resume-backfill.ts'
import {
  backfillDateSchema,
  backfillPreviewSchema,
  backfillSchema,
  rangeSchema,
} from '../../views/backfill.ts'
import { dagRefSchema, json } from '../../views/common.ts'
import { router, signedIn } from '../init.ts'

const at = '/dags/{team}/{repo}/{dag}/backfills' as const
const backfillRef = dagRefSchema.extend({ number: z.coerce.number().int().min(1) })
const page = {
  offset: z.coerce.number().int().min(0).default(0),
  limit: z.coerce.number().int().min(1).max(500).default(100),
}

export const backfillsRouter = router({
  list: signedIn
    .meta({ openapi: { method: 'GET', path: at, summary: 'Backfills, newest first' } })
    .input(dagRefSchema)
    .output(z.array(backfillSchema))
    .query(async ({ ctx, input }) =>
      listBackfills(ctx.services, await requireDag(ctx.services, ctx.actor, input, 'run:read')),
    ),

  preview: signedIn
    .meta({ openapi: { method: 'GET', path: `${at}/preview`, summary: 'What a backfill would do, by date' } })
    .input(dagRefSchema.extend({ ...rangeSchema.shape, ...page }))
    .output(backfillPreviewSchema)
    .query(async ({ ctx, input }) => {
      const { team, repo, dag, offset, limit, ...range } = input
      const row = await requireDag(ctx.services, ctx.actor, { team, repo, dag }, 'run:read')
      return previewBackfill(ctx.services, row, range, { offset, limit })
    }),

  create: signedIn
    .meta({ openapi: { method: 'POST', path: at, summary: 'Make runs for past dates of a schedule' } })
    .input(
      dagRefSchema.extend({
        ...rangeSchema.shape,
        concurrency: z.number().int().min(1).max(1000).default(4),
        params: z.record(z.string(), json).default({}),
      }),
    )
    .output(backfillSchema)
    .mutation(async ({ ctx, input }) => {
      const { team, repo, dag, ...given } = input
      const ref = { team, repo, dag }
      const { number } = await createBackfill(ctx.services, ctx.actor, { ref, ...given })
      const row = await requireDag(ctx.services, ctx.actor, ref, 'run:read')
      return backfillView(ctx.services, row, await requireBackfill(ctx.services.db, row, number))
    }),

  get: signedIn
    .meta({ openapi: { method: 'GET', path: `${at}/{number}`, summary: 'A backfill and how far it is' } })
    .input(backfillRef)
    .output(backfillSchema)
    .query(async ({ ctx, input }) => {
      const row = await requireDag(ctx.services, ctx.actor, input, 'run:read')
      return backfillView(ctx.services, row, await requireBackfill(ctx.services.db, row, input.number))
    }),

  dates: signedIn
    .meta({
      openapi: { method: 'GET', path: `${at}/{number}/dates`, summary: 'Its dates, and the run of each' },
    })
    .input(backfillRef.extend(page))
    .output(z.array(backfillDateSchema))
    .query(async ({ ctx, input }) =>
      listBackfillDates(
        ctx.services,
        await requireDag(ctx.services, ctx.actor, input, 'run:read'),
        input.number,
        input,
      ),
    ),

  pause: signedIn
    .meta({ openapi: { method: 'POST', path: `${at}/{number}/pause`, summary: 'Make no further runs' } })
    .input(backfillRef)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await pauseBackfill(ctx.services, ctx.actor, input)
      return {}
    }),

  resume: signedIn
    .meta({ openapi: { method: 'POST', path: `${at}/{number}/resume`, summary: 'Go on with a backfill' } })
    .input(backfillRef)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await resumeBackfill(ctx.services, ctx.actor, input)
      return {}
    }),

  cancel: signedIn
    .meta({
      openapi: { method: 'POST', path: `${at}/{number}/cancel`, summary: 'End a backfill and its runs' },
    })
    .input(backfillRef)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await cancelBackfill(ctx.services, ctx.actor, input)
      return {}
    }),
})
