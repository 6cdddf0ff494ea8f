import { z } from 'zod'
import { comparisonStateSchema, linkDays } from '../../domain/comparison/state.ts'
import {
  compareFor,
  compareOutputsFor,
  createComparison,
  createShareLink,
  listShareLinks,
  lookAtShared,
  openShared,
  sharedOutputs,
  readComparison,
  revokeLink,
} from '../../services/comparison/share.ts'
import { readOutputDiff } from '../../services/comparison/read-output-diff.ts'
import { open, router, signedIn } from '../init.ts'
import { comparisonSchema, shareLinkSchema, tableDiffSchema, textDiffSchema } from '../../views/comparison.ts'

const place = z.object({ task: z.string(), key: z.string().nullable(), name: z.string(), run: z.uuid() })
const diffInput = z.object({
  place,
  onlyDifferences: z.boolean(),
  offset: z.number().int().min(0),
  limit: z.number().int().min(1).max(500),
})
const diffOutput = z.object({ table: tableDiffSchema.nullable(), text: textDiffSchema.nullable() })
const idInput = z.object({ id: z.uuid() })

export const comparisonsRouter = router({
  get: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/compare',
        summary: 'Runs side by side (`?runs=ID&runs=ID`), kept nowhere',
      },
    })
    .input(comparisonStateSchema.omit({ onlyDifferences: true }))
    .output(comparisonSchema)
    .query(({ ctx, input }) => compareFor(ctx.services, ctx.actor, { ...input, onlyDifferences: true })),

  /** Rows or lines in which an output of a run differs from the base's. */
  output: signedIn
    .input(diffInput.extend({ state: comparisonStateSchema }))
    .output(diffOutput)
    .query(async ({ ctx, input }) =>
      readOutputDiff(ctx.services, await compareOutputsFor(ctx.services, ctx.actor, input.state), input),
    ),

  create: signedIn
    .meta({ openapi: { method: 'POST', path: '/comparisons', summary: 'Freeze a comparison of runs' } })
    .input(comparisonStateSchema.strict())
    .output(z.object({ id: z.uuid(), comparison: comparisonSchema }))
    .mutation(async ({ ctx, input }) => {
      const id = await createComparison(ctx.services, ctx.actor, input)
      return { id, comparison: await readComparison(ctx.services, ctx.actor, id) }
    }),

  read: signedIn
    .meta({ openapi: { method: 'GET', path: '/comparisons/{id}', summary: 'A frozen comparison' } })
    .input(idInput)
    .output(comparisonSchema)
    .query(({ ctx, input }) => readComparison(ctx.services, ctx.actor, input.id)),

  share: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/comparisons/{id}/share-links',
        summary: 'A link that shows it to whoever has it',
      },
    })
    .input(
      idInput
        .extend({ days: z.number().int().min(1).max(linkDays.longest).default(linkDays.usual) })
        .strict(),
    )
    .output(z.object({ id: z.uuid(), url: z.string(), expiresAt: z.string() }))
    .mutation(({ ctx, input }) => createShareLink(ctx.services, ctx.actor, input.id, input.days)),

  shareLinks: signedIn
    .meta({ openapi: { method: 'GET', path: '/share-links', summary: 'Share links' } })
    .input(z.object({}))
    .output(z.array(shareLinkSchema.extend({ runs: z.number(), name: z.string() })))
    .query(({ ctx }) => listShareLinks(ctx.services, ctx.actor)),

  revoke: signedIn
    .meta({ openapi: { method: 'DELETE', path: '/share-links/{id}', summary: 'Revoke a share link' } })
    .input(idInput)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await revokeLink(ctx.services, ctx.actor, input.id)
      return {}
    }),

  shared: open
    .input(z.object({ secret: z.string() }))
    .output(comparisonSchema)
    .query(({ ctx, input }) => openShared(ctx.services, input.secret)),

  /** Whether the link still opens, and until when: asked often by whoever has it open. */
  sharedUntil: open
    .input(z.object({ secret: z.string() }))
    .output(z.object({ expiresAt: z.string() }))
    .query(({ ctx, input }) => lookAtShared(ctx.services, input.secret)),

  sharedOutput: open
    .input(diffInput.extend({ secret: z.string() }))
    .output(diffOutput)
    .query(async ({ ctx, input }) =>
      readOutputDiff(ctx.services, await sharedOutputs(ctx.services, input.secret), input),
    ),
})
