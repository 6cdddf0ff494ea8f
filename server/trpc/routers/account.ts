import { z } from 'zod'
import { listRepositories } from '#db/queries/repository.ts'
import { listTokens, revokeToken } from '#db/queries/token.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { createRepository } from '../../services/repository/open.ts'
import { createToken } from '../../services/token/tokens.ts'
import { router, signedIn } from '../init.ts'
import { repositorySchema, tokenViewSchema } from '../../views/common.ts'

const iso = (time: Date | null) => time?.toISOString() ?? null

export const accountRouter = router({
  me: signedIn
    .meta({ openapi: { method: 'GET', path: '/me', summary: 'Who this token or session is' } })
    .input(z.object({}))
    .output(
      z.object({
        name: z.string(),
        email: z.string(),
        teams: z.array(z.object({ name: z.string(), role: z.string() })),
      }),
    )
    .query(({ ctx }) => ({
      name: ctx.actor.name,
      email: ctx.actor.email,
      teams: ctx.actor.teams.map(({ name, role }) => ({ name, role })),
    })),

  tokens: signedIn
    .meta({ openapi: { method: 'GET', path: '/tokens', summary: 'Your tokens, without their secrets' } })
    .input(z.object({}))
    .output(z.array(tokenViewSchema))
    .query(async ({ ctx }) =>
      (await listTokens(ctx.services.db, ctx.actor.userId)).map((row) => ({
        ...row,
        createdAt: row.createdAt.toISOString(),
        lastUsedAt: iso(row.lastUsedAt),
        expiresAt: iso(row.expiresAt),
      })),
    ),

  /** The secret is in this answer and nowhere else. */
  createToken: signedIn
    .meta({ openapi: { method: 'POST', path: '/tokens', summary: 'Make a token' } })
    .input(
      z.strictObject({ name: z.string(), days: z.number().int().min(1).max(3650).nullable().default(90) }),
    )
    .output(z.object({ id: z.uuid(), secret: z.string() }))
    .mutation(({ ctx, input }) =>
      createToken(
        ctx.services.db,
        ctx.actor.userId,
        input.name,
        input.days === null ? null : input.days * 86_400,
      ),
    ),

  revokeToken: signedIn
    .meta({ openapi: { method: 'DELETE', path: '/tokens/{id}', summary: 'Revoke a token' } })
    .input(z.object({ id: z.uuid() }))
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      if (!(await revokeToken(ctx.services.db, ctx.actor.userId, input.id)))
        throw new DagbokError('not_found', 'You have no such token.')
      return {}
    }),

  repositories: signedIn
    .meta({ openapi: { method: 'GET', path: '/repositories', summary: 'Repositories' } })
    .input(z.object({}))
    .output(z.array(repositorySchema))
    .query(async ({ ctx }) => {
      const rows = await listRepositories(
        ctx.services.db,
        ctx.actor.teams.map((team) => team.id),
      )
      return rows.map(({ id, team, name, defaultBranch }) => ({
        id,
        team,
        name,
        defaultBranch,
        gitUrl: `${ctx.services.publicUrl}/git/${team}/${name}.git`,
      }))
    }),

  createRepository: signedIn
    .meta({ openapi: { method: 'POST', path: '/repositories', summary: 'Make a repository' } })
    .input(z.strictObject({ team: z.string(), name: z.string() }))
    .output(repositorySchema)
    .mutation(async ({ ctx, input }) => {
      const { id, team, name, defaultBranch } = await createRepository(
        ctx.services,
        ctx.actor,
        input.team,
        input.name,
      )
      return { id, team, name, defaultBranch, gitUrl: `${ctx.services.publicUrl}/git/${team}/${name}.git` }
    }),
})
