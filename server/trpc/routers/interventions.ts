/** What people do to runs: take them up again, answer, mark. */
import { z } from 'zod'
import { marks } from '../../domain/run/reuse.ts'
import { forkRun, previewFork } from '../../services/run/fork-run.ts'
import { answerTask, markTaskRun } from '../../services/run/intervene.ts'
import { requireRun } from '../../services/run/read-run.ts'
import { previewRecover, recoverRun } from '../../services/run/recover-run.ts'
import { pathOfRun } from '../../services/run/views.ts'
import type { Actor } from '../../services/actor.ts'
import type { ServiceContext } from '../../services/context.ts'
import type { PlannedItem } from '../../domain/run/reuse.ts'
import { json } from '../../views/common.ts'
import { madeRunSchema, reusePlanSchema } from '../../views/run.ts'
import { router, signedIn } from '../init.ts'

const id = z.object({ id: z.uuid() })
const recover = id.extend({ task: z.string().optional(), key: z.string().optional() })
const fork = id.extend({
  version: z.union([z.string(), z.number().int()]).optional(),
  params: z.record(z.string(), json).default({}),
})
const taskRun = id.extend({ task: z.string(), key: z.string().optional() })

const plan = (items: readonly PlannedItem[]) =>
  items.map(({ task, key, reuse, why }) => ({ task, key, reused: reuse !== null, why }))

async function withUrl(services: ServiceContext, actor: Actor, run: { id: string; number: number }) {
  const row = await requireRun(services, actor, run.id, 'run:read')
  return { ...run, url: `${services.publicUrl}${pathOfRun(row)}` }
}

const choice = (input: z.infer<typeof recover>) => ({ task: input.task ?? null, key: input.key ?? null })
const target = ({ version, params }: z.infer<typeof fork>) => ({
  version: version === undefined ? null : String(version),
  params,
})

export const interventionsRouter = router({
  previewRecover: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/runs/{id}/recover',
        summary: 'What a recover would take over, and what it would run again',
      },
    })
    .input(recover)
    .output(reusePlanSchema)
    .query(async ({ ctx, input }) =>
      plan(await previewRecover(ctx.services, ctx.actor, input.id, choice(input))),
    ),

  recover: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/runs/{id}/recover',
        summary: 'A new run that takes over what succeeded; `task` and `key` run again besides',
      },
    })
    .input(recover)
    .output(madeRunSchema)
    .mutation(async ({ ctx, input }) =>
      withUrl(ctx.services, ctx.actor, await recoverRun(ctx.services, ctx.actor, input.id, choice(input))),
    ),

  previewFork: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/runs/{id}/fork/preview',
        summary: 'What a fork would take over, and what it would run, and why',
      },
    })
    .input(fork)
    .output(reusePlanSchema)
    .query(async ({ ctx, input }) =>
      plan(await previewFork(ctx.services, ctx.actor, input.id, target(input))),
    ),

  fork: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/runs/{id}/fork',
        summary: 'A new run of another version or params that takes over what comes out the same',
      },
    })
    .input(fork)
    .output(madeRunSchema)
    .mutation(async ({ ctx, input }) =>
      withUrl(ctx.services, ctx.actor, await forkRun(ctx.services, ctx.actor, input.id, target(input))),
    ),

  answer: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/runs/{id}/tasks/{task}/answer',
        summary: 'Answer a task that waits for a person',
      },
    })
    .input(
      taskRun.extend({
        yes: z.boolean(),
        comment: z.string().max(10_000).optional(),
        values: z.record(z.string(), json).default({}),
      }),
    )
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      const { yes, values, task, key = null, comment = null } = input
      await answerTask(ctx.services, ctx.actor, { runId: input.id, task, key }, { yes, values, comment })
      return {}
    }),

  mark: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/runs/{id}/tasks/{task}/mark',
        summary: 'Give a task run a state by hand; of one that is over, a note that a recover reads',
      },
    })
    .input(taskRun.extend({ as: z.enum(marks), reason: z.string().max(10_000) }))
    .output(z.object({ noted: z.boolean() }))
    .mutation(({ ctx, input }) => {
      const { as, reason, task, key = null } = input
      return markTaskRun(ctx.services, ctx.actor, { runId: input.id, task, key }, { as, reason })
    }),
})
