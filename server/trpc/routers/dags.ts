import { z } from 'zod'
import { dagDetail, listDags } from '../../services/dag/list-dags.ts'
import { readGrid } from '../../services/dag/read-grid.ts'
import { requireDag } from '../../services/dag/address.ts'
import { checkNotebook, readNotebook } from '../../services/notebook/read-notebook.ts'
import { commitNotebook } from '../../services/notebook/commit-notebook.ts'
import { diffVersions, listVersions, paramsOfVersion } from '../../services/version/read-version.ts'
import { podOfVersion } from '../../services/pod/pod-of-version.ts'
import { readVersion } from '../../services/version/resolve-version.ts'
import { isProgram } from '../../domain/notebook/program.ts'
import { router, signedIn } from '../init.ts'
import { dagRefSchema, json } from '../../views/common.ts'
import { brokenNotebookSchema, dagDetailSchema, dagSummarySchema, gridSchema } from '../../views/dag.ts'
import { podViewSchema } from '../../views/pod.ts'
import { notebookSchema, versionDiffSchema, versionSummarySchema } from '../../views/version.ts'

const at = '/dags/{team}/{repo}/{dag}' as const

export const dagsRouter = router({
  list: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/dags',
        summary: 'DAGs, and notebooks that are none for their faults',
      },
    })
    .input(z.object({}))
    .output(
      z.object({
        dags: z.array(dagSummarySchema),
        broken: z.array(brokenNotebookSchema),
        gitUrl: z.string().describe('where a repository is made by pushing to `gitUrl/NAME.git`'),
      }),
    )
    .query(async ({ ctx }) => {
      const found = await listDags(ctx.services, ctx.actor)
      return { ...found, gitUrl: `${ctx.services.publicUrl}/git/${ctx.actor.teams[0]?.name ?? 'main'}` }
    }),

  get: signedIn
    .meta({ openapi: { method: 'GET', path: at, summary: 'One DAG' } })
    .input(dagRefSchema)
    .output(dagDetailSchema)
    .query(async ({ ctx, input }) => {
      const row = await requireDag(ctx.services, ctx.actor, input, 'repository:read')
      return dagDetail(ctx.services, row)
    }),

  grid: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: `${at}/grid`,
        summary: 'The last runs by tasks; of one version where it is given',
      },
    })
    .input(
      dagRefSchema
        .extend({
          limit: z.coerce.number().int().min(1).max(100).default(40),
          version: z.coerce.number().int().min(1).optional(),
        })
        .strict(),
    )
    .output(gridSchema)
    .query(async ({ ctx, input }) =>
      readGrid(ctx.services, await requireDag(ctx.services, ctx.actor, input, 'run:read'), input),
    ),

  versions: signedIn
    .meta({ openapi: { method: 'GET', path: `${at}/versions`, summary: 'Versions, newest first' } })
    .input(dagRefSchema)
    .output(z.array(versionSummarySchema))
    .query(async ({ ctx, input }) =>
      listVersions(ctx.services, await requireDag(ctx.services, ctx.actor, input, 'repository:read')),
    ),

  diff: signedIn
    .meta({
      openapi: { method: 'GET', path: `${at}/diff`, summary: 'Code and graph of version b against a' },
    })
    .input(dagRefSchema.extend({ a: z.string(), b: z.string() }).strict())
    .output(versionDiffSchema)
    .query(async ({ ctx, input }) => {
      const dag = await requireDag(ctx.services, ctx.actor, input, 'repository:read')
      const [a, b] = [
        await readVersion(ctx.services, dag, input.a),
        await readVersion(ctx.services, dag, input.b),
      ]
      return diffVersions(ctx.services, dag, a.id, b.id)
    }),

  params: signedIn
    .meta({ openapi: { method: 'GET', path: `${at}/params`, summary: 'JSON Schema of a version’s params' } })
    .input(
      dagRefSchema
        .extend({
          version: z.string().optional(),
          schedule: z.coerce
            .number()
            .int()
            .min(1)
            .optional()
            .describe('with the defaults that this one of its schedules gives; 1 is the first'),
        })
        .strict(),
    )
    .output(z.record(z.string(), json))
    .query(async ({ ctx, input }) => {
      const dag = await requireDag(ctx.services, ctx.actor, input, 'repository:read')
      const version = await readVersion(ctx.services, dag, input.version ?? null)
      return paramsOfVersion(ctx.services, version, input.schedule ?? null)
    }),

  pod: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: `${at}/tasks/{task}/pod`,
        summary: 'YAML of the pod that a task of a version would be',
      },
    })
    .input(
      dagRefSchema
        .extend({
          task: z.string(),
          version: z.string().optional(),
          key: z.string().optional().describe('of a task with a matrix the item; without it the first'),
        })
        .strict(),
    )
    .output(podViewSchema)
    .query(async ({ ctx, input }) => {
      const { task, key = null } = input
      const dag = await requireDag(ctx.services, ctx.actor, input, 'repository:read')
      const version = await readVersion(ctx.services, dag, input.version ?? null)
      return podOfVersion(ctx.services, dag, version, { task, key })
    }),

  notebook: signedIn
    .meta({
      openapi: { method: 'GET', path: `${at}/notebook`, summary: 'The notebook at the default branch’s tip' },
    })
    .input(dagRefSchema)
    .output(notebookSchema)
    .query(async ({ ctx, input }) =>
      readNotebook(ctx.services, await requireDag(ctx.services, ctx.actor, input, 'repository:read')),
    ),

  check: signedIn
    .meta({
      openapi: { method: 'POST', path: `${at}/notebook/check`, summary: 'Faults, cells and graph of a text' },
    })
    .input(dagRefSchema.extend({ base: z.string(), text: z.string().max(10 * 2 ** 20) }).strict())
    .output(notebookSchema.pick({ cells: true, faults: true, graph: true }))
    .mutation(async ({ ctx, input }) => {
      const dag = await requireDag(ctx.services, ctx.actor, input, 'repository:read')
      // To check a program is to run it.
      if (isProgram(dag.path ?? '')) await requireDag(ctx.services, ctx.actor, input, 'repository:write')
      const { cells, faults, graph } = await checkNotebook(
        ctx.services,
        dag,
        input.base,
        dag.path ?? '',
        input.text,
      )
      return { cells, faults, graph }
    }),

  commit: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: `${at}/notebook/commits`,
        summary: 'Commit a text to the default branch',
      },
    })
    .input(
      dagRefSchema
        .extend({
          base: z.string(),
          text: z.string().max(10 * 2 ** 20),
          message: z.string().max(10_000),
        })
        .strict(),
    )
    .output(z.object({ sha: z.string(), version: z.number().nullable() }))
    .mutation(({ ctx, input }) => {
      const { team, repo, dag, ...rest } = input
      return commitNotebook(ctx.services, ctx.actor, { ref: { team, repo, dag }, ...rest })
    }),
})
