/** Frozen comparisons and share links: read only, they show that comparison and nothing else. */
import { createHash, randomBytes } from 'node:crypto'
import { runsById } from '#db/queries/run-view.ts'
import {
  findComparison,
  insertComparison,
  insertShareLink,
  openShareLink,
  revokeShareLink,
  shareLinkById,
  shareLinksOfTeams,
} from '#db/queries/share.ts'
import { requireTeamId } from '../../auth/permission.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { comparisonName } from '../../domain/comparison/name.ts'
import type { ComparisonState } from '../../domain/comparison/state.ts'
import type { Comparison, ShareLink } from '../../views/comparison.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { compare, compareOutputs, type ComparedOutputs } from './compare.ts'

const hash = (secret: string) => createHash('sha256').update(secret).digest('hex')

const mayOf = (actor: Actor) => (row: { teamId: string }) =>
  actor.teams.some((team) => team.id === row.teamId)

/** The view of a comparison for whoever is in the teams of its runs. */
export const compareFor = (ctx: ServiceContext, actor: Actor, state: ComparisonState): Promise<Comparison> =>
  compare(ctx, state, mayOf(actor))

/** Their outputs only. */
export const compareOutputsFor = (
  ctx: ServiceContext,
  actor: Actor,
  state: ComparisonState,
): Promise<ComparedOutputs> => compareOutputs(ctx, state, mayOf(actor))

/** Keeps the runs and the view. @throws DagbokError `not_found`, `bad_input` when the runs are of two teams */
export async function createComparison(
  ctx: ServiceContext,
  actor: Actor,
  state: ComparisonState,
): Promise<string> {
  const rows = await runsById(ctx.db, state.runs)
  const teams = [...new Set(rows.map((row) => row.teamId))]
  const [teamId] = teams
  if (rows.length !== state.runs.length || teamId === undefined)
    throw new DagbokError('not_found', 'A run of this comparison is not there.')
  if (teams.length > 1)
    throw new DagbokError('bad_input', 'The runs are of two teams: share each team for itself.')
  requireTeamId(actor, teamId, 'comparison:read')
  const oldest = rows.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0]
  // The base is frozen with it: a default would be worked out anew.
  return insertComparison(ctx.db, {
    teamId,
    createdBy: actor.userId,
    state: { ...state, base: state.base ?? oldest?.id },
  })
}

export async function readComparison(ctx: ServiceContext, actor: Actor, id: string): Promise<Comparison> {
  const found = await findComparison(ctx.db, id)
  if (found === null || !actor.teams.some((team) => team.id === found.teamId))
    throw new DagbokError('not_found', 'There is no such comparison.')
  return compareFor(ctx, actor, found.state)
}

/** The secret is in the answer's `url` and nowhere else. */
export async function createShareLink(
  ctx: ServiceContext,
  actor: Actor,
  comparisonId: string,
  days: number,
): Promise<{ id: string; url: string; expiresAt: string }> {
  const found = await findComparison(ctx.db, comparisonId)
  if (found === null) throw new DagbokError('not_found', 'There is no such comparison.')
  requireTeamId(actor, found.teamId, 'share:write')
  const secret = randomBytes(32).toString('base64url')
  const { id, expiresAt } = await insertShareLink(ctx.db, {
    comparisonId,
    secretHash: hash(secret),
    createdBy: actor.userId,
    seconds: days * 86_400,
  })
  return { id, url: `${ctx.publicUrl}/share/${secret}`, expiresAt: expiresAt.toISOString() }
}

export async function listShareLinks(
  ctx: ServiceContext,
  actor: Actor,
): Promise<(ShareLink & { runs: number; name: string })[]> {
  const rows = await shareLinksOfTeams(
    ctx.db,
    actor.teams.map((team) => team.id),
  )
  const ids = new Set(rows.flatMap((row) => row.state.runs))
  const runs = new Map((await runsById(ctx.db, [...ids])).map((run) => [run.id, run]))
  return rows.map((row) => ({
    id: row.id,
    comparisonId: row.comparisonId,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
    revokedAt: row.revokedAt?.toISOString() ?? null,
    runs: row.state.runs.length,
    name: comparisonName(
      row.state.runs.flatMap((id) => {
        const run = runs.get(id)
        return run === undefined ? [] : [{ dag: run.dag, version: run.versionNumber }]
      }),
    ),
  }))
}

/** A second time changes nothing. */
export async function revokeLink(ctx: ServiceContext, actor: Actor, id: string): Promise<void> {
  const row = await shareLinkById(ctx.db, id)
  if (row === null || !actor.teams.some((team) => team.id === row.teamId))
    throw new DagbokError('not_found', 'There is no such share link.')
  requireTeamId(actor, row.teamId, 'share:write')
  await revokeShareLink(ctx.db, id)
}

/** What a secret opens, asked of the database each time. @throws DagbokError `not_found` when it opens nothing (any more) */
async function opened(ctx: ServiceContext, secret: string) {
  const found = /^[A-Za-z0-9_-]{43}$/.test(secret) ? await openShareLink(ctx.db, hash(secret)) : null
  if (found === null)
    throw new DagbokError('not_found', 'This link opens nothing: it has expired, was revoked, or never was.')
  const may = (row: { teamId: string }) => row.teamId === found.teamId
  return { ...found, may }
}

/** Whether it still opens: the whole comparison is not made for that. */
export async function lookAtShared(ctx: ServiceContext, secret: string): Promise<{ expiresAt: string }> {
  return { expiresAt: (await opened(ctx, secret)).expiresAt.toISOString() }
}

export async function openShared(ctx: ServiceContext, secret: string): Promise<Comparison> {
  const { state, may } = await opened(ctx, secret)
  return compare(ctx, state, may)
}

/** The outputs that it shows, without the rest. */
export async function sharedOutputs(ctx: ServiceContext, secret: string): Promise<ComparedOutputs> {
  const { state, may } = await opened(ctx, secret)
  return compareOutputs(ctx, state, may)
}
