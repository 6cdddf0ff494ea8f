import { z } from 'zod'
import { listRuns, runByNumber } from '#db/queries/run-view.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { requireDag } from '../../services/dag/address.ts'
import { cancelRun } from '../../services/run/cancel-run.ts'
import { readAttempt } from '../../services/run/read-attempt.ts'
import { readLogPage } from '../../services/run/read-log.ts'
import { readTablePage } from '../../services/run/read-table.ts'
import { readRun, readTaskResult, requireRun } from '../../services/run/read-run.ts'
import { podOfTaskRun } from '../../services/pod/pod-of-run.ts'
import { rerun } from '../../services/run/rerun.ts'
import { startRun } from '../../services/run/start-run.ts'
import { readVersion } from '../../services/version/resolve-version.ts'
import { searchLog } from '../../services/run/search-log.ts'
import { pathOfRun, runSummary } from '../../services/run/views.ts'
import { router, signedIn } from '../init.ts'
import { dagRefSchema, json, runStateSchema } from '../../views/common.ts'
import { attemptRecordSchema } from '../../views/attempt.ts'
import { podViewSchema } from '../../views/pod.ts'
import { runSummarySchema } from '../../views/dag.ts'
import {
  logMatchesSchema,
  logPageSchema,
  madeRunSchema,
  runDetailSchema,
  tablePageSchema,
  taskResultSchema,
} from '../../views/run.ts'

const runId = z.object({ id: z.uuid() })

export const runsRouter = router({
  start: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/dags/{team}/{repo}/{dag}/runs',
        summary: 'Start a run of a version',
      },
    })
    .input(
      dagRefSchema
        .extend({
          version: z.union([z.string(), z.number().int()]).optional(),
          params: z.record(z.string(), json).default({}),
          /** Starts whatever the DAG's run strategy says. */
          force: z.boolean().default(false),
        })
        .strict(),
    )
    .output(madeRunSchema)
    .mutation(async ({ ctx, input }) => {
      const { team, repo, dag, params, force } = input
      const version = input.version === undefined ? null : String(input.version)
      const run = await startRun(ctx.services, ctx.actor, {
        ref: { team, repo, dag },
        version,
        params,
        force,
      })
      return { ...run, url: `${ctx.services.publicUrl}${pathOfRun({ team, repo, dag, number: run.number })}` }
    }),

  list: signedIn
    .meta({
      openapi: { method: 'GET', path: '/dags/{team}/{repo}/{dag}/runs', summary: 'Runs, newest first' },
    })
    .input(
      dagRefSchema
        .extend({
          state: runStateSchema.optional(),
          version: z.string().optional(),
          before: z.coerce.number().int().optional(),
          limit: z.coerce.number().int().min(1).max(200).default(50),
        })
        .strict(),
    )
    .output(z.array(runSummarySchema))
    .query(async ({ ctx, input }) => {
      const dag = await requireDag(ctx.services, ctx.actor, input, 'run:read')
      const version = input.version === undefined ? null : await readVersion(ctx.services, dag, input.version)
      const rows = await listRuns(ctx.services.db, {
        teamIds: [dag.teamId],
        dagId: dag.id,
        limit: input.limit,
        ...(input.state === undefined ? {} : { state: input.state }),
        ...(version === null ? {} : { versionNumber: version.number }),
        ...(input.before === undefined ? {} : { before: input.before }),
      })
      return rows.map((row) => runSummary(row, ctx.services.publicUrl))
    }),

  get: signedIn
    .meta({
      openapi: { method: 'GET', path: '/runs/{id}', summary: 'A run with its task runs and attempts' },
    })
    .input(runId)
    .output(runDetailSchema)
    .query(async ({ ctx, input }) =>
      readRun(ctx.services, await requireRun(ctx.services, ctx.actor, input.id, 'run:read')),
    ),

  /** By its number within the DAG, as pages name it. */
  byNumber: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/dags/{team}/{repo}/{dag}/runs/{number}',
        summary: 'A run by its number within the DAG',
      },
    })
    .input(dagRefSchema.extend({ number: z.coerce.number<number>().int() }))
    .output(runDetailSchema)
    .query(async ({ ctx, input }) => {
      const dag = await requireDag(ctx.services, ctx.actor, input, 'run:read')
      const id = await runByNumber(ctx.services.db, dag.id, input.number)
      if (id === null) throw new DagbokError('not_found', `${dag.name} has no run ${input.number}.`)
      return readRun(ctx.services, await requireRun(ctx.services, ctx.actor, id, 'run:read'))
    }),

  cancel: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/runs/{id}/cancel',
        summary: 'Ask for the end of a run; a second time, for its end without clean-up',
      },
    })
    .input(runId)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await cancelRun(ctx.services, ctx.actor, input.id)
      return {}
    }),

  rerun: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/runs/{id}/rerun',
        summary: 'The same params, on the same or another version',
      },
    })
    .input(runId.extend({ version: z.union([z.string(), z.number().int()]).optional() }).strict())
    .output(madeRunSchema)
    .mutation(async ({ ctx, input }) => {
      const run = await rerun(
        ctx.services,
        ctx.actor,
        input.id,
        input.version === undefined ? null : String(input.version),
      )
      const row = await requireRun(ctx.services, ctx.actor, run.id, 'run:read')
      return { ...run, url: `${ctx.services.publicUrl}${pathOfRun(row)}` }
    }),

  result: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/runs/{id}/tasks/{task}/result',
        summary: 'Outputs, metrics and values of a task',
      },
    })
    .input(runId.extend({ task: z.string(), key: z.string().optional() }).strict())
    .output(taskResultSchema)
    .query(async ({ ctx, input }) =>
      readTaskResult(
        ctx.services,
        await requireRun(ctx.services, ctx.actor, input.id, 'run:read'),
        input.task,
        input.key ?? null,
      ),
    ),

  attempt: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/runs/{id}/tasks/{task}/attempts/{n}',
        summary: 'All that is kept of an attempt: what it was given, what it left, when, where',
      },
    })
    .input(
      runId
        .extend({ task: z.string(), n: z.coerce.number<number>().int().min(1), key: z.string().optional() })
        .strict(),
    )
    .output(attemptRecordSchema)
    .query(async ({ ctx, input }) => {
      const { id, task, n, key = null } = input
      const run = await requireRun(ctx.services, ctx.actor, id, 'run:read')
      return readAttempt(ctx.services, run, { task, key, n })
    }),

  pod: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/runs/{id}/tasks/{task}/pod',
        summary: 'YAML of the pod that a task is to be, or of an attempt as it was last seen',
      },
    })
    .input(
      runId
        .extend({
          task: z.string(),
          key: z.string().optional(),
          n: z.coerce.number().int().min(1).optional().describe('of the attempt; without it the newest'),
        })
        .strict(),
    )
    .output(podViewSchema)
    .query(async ({ ctx, input }) => {
      const { id, task, n = null, key = null } = input
      const run = await requireRun(ctx.services, ctx.actor, id, 'run:read')
      return podOfTaskRun(ctx.services, run, { task, key, n })
    }),

  /** Lines of a log; a negative `from` counts from its end. */
  log: signedIn
    .input(
      z.object({ attemptId: z.uuid(), from: z.number().int(), count: z.number().int().min(1).max(5000) }),
    )
    .output(logPageSchema)
    .query(({ ctx, input }) =>
      readLogPage(ctx.services, ctx.actor, input.attemptId, input.from, input.count),
    ),

  /** Numbers of lines that hold a text; without one, of those that say something failed. */
  searchLog: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/attempts/{attemptId}/log/search',
        summary: 'Lines of a log that hold a text; without one, those that say something failed',
      },
    })
    .input(
      z.strictObject({
        attemptId: z.uuid(),
        text: z.string().min(1).max(1000).nullable().default(null),
        /** In an address a yes or no is a text. */
        matchCase: z.enum(['yes', 'no']).default('no'),
      }),
    )
    .output(logMatchesSchema)
    .query(({ ctx, input: { attemptId, text, matchCase } }) =>
      searchLog(ctx.services, ctx.actor, { attemptId, text, matchCase: matchCase === 'yes' }),
    ),

  /** Rows of a CSV or TSV output. */
  table: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/attempts/{attemptId}/outputs/{name}/rows',
        summary: 'Rows of an output that is a table',
      },
    })
    .input(
      z.strictObject({
        attemptId: z.uuid(),
        name: z.string(),
        offset: z.coerce.number<number>().int().min(0).default(0),
        limit: z.coerce.number<number>().int().min(1).max(500).default(100),
      }),
    )
    .output(tablePageSchema)
    .query(({ ctx, input }) => readTablePage(ctx.services, ctx.actor, input)),
})
