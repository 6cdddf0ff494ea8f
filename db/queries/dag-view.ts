/** DAGs as the list, their home and the API show them. */
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Triggers } from '#server/domain/dag/spec.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { dag, dagRef, dagSchedule, repository, run, team, user, version } from '../schema/index.ts'

/** DAGs of these teams (or one of them) with what the default branch's tip says of them. */
export async function dagRows(
  q: Queryable,
  teamIds: readonly string[],
  only?: { repo: string; name: string } | { id: string },
) {
  if (teamIds.length === 0) return []
  return q
    .select({
      id: dag.id,
      name: dag.name,
      repositoryId: repository.id,
      repo: repository.name,
      teamId: team.id,
      team: team.name,
      defaultBranch: repository.defaultBranch,
      path: dagRef.path,
      sha: dagRef.sha,
      faults: dagRef.faults,
      /** ms; null also while it is paused. */
      nextTick: sql<number | null>`case when ${dag.pausedAt} is null then (
        select extract(epoch from min(s.next_tick))::float8 * 1000 from ${dagSchedule} s where s.dag_id = ${dag.id} and s.until is null) end`,
      pausedAt: dag.pausedAt,
      pausedBy: user.name,
      versionId: version.id,
      versionNumber: version.number,
      commit: version.commitSha,
      subject: version.subject,
      author: version.authorName,
      committedAt: version.committedAt,
      title: sql<string | null>`${version.spec}->>'title'`,
      description: sql<string | null>`${version.spec}->>'description'`,
      tags: sql<string[] | null>`${version.spec}->'tags'`,
      owners: sql<string[] | null>`${version.spec}->'owners'`,
      on: sql<Triggers | null>`${version.spec}->'on'`,
      schedule: sql<unknown[] | null>`${version.spec}->'schedule'`,
      versions: sql<number>`(select count(*)::int from version v where v.dag_id = ${dag.id})`,
      activeRuns: sql<number>`(select count(*)::int from run r where r.dag_id = ${dag.id} and r.state in ('queued', 'running'))`,
    })
    .from(dag)
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .leftJoin(
      dagRef,
      and(eq(dagRef.dagId, dag.id), sql`${dagRef.ref} = 'refs/heads/' || ${repository.defaultBranch}`),
    )
    .leftJoin(version, eq(version.id, dagRef.versionId))
    .leftJoin(user, eq(user.id, dag.pausedBy))
    .where(
      and(
        inArray(team.id, [...teamIds]),
        only === undefined
          ? undefined
          : 'id' in only
            ? eq(dag.id, only.id)
            : and(eq(repository.name, only.repo), eq(dag.name, only.name)),
      ),
    )
    .orderBy(asc(team.name), asc(repository.name), asc(dag.name))
}
export type DagRow = Awaited<ReturnType<typeof dagRows>>[number]

export async function findDagRow(q: Queryable, teamId: string, repo: string, name: string) {
  const [row] = await dagRows(q, [teamId], { repo, name })
  return row ?? null
}

export async function findDagById(q: Queryable, dagId: string) {
  const [of] = await q
    .select({ teamId: repository.teamId })
    .from(dag)
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .where(eq(dag.id, dagId))
  const [row] = of === undefined ? [] : await dagRows(q, [of.teamId], { id: dagId })
  return row ?? null
}

/** The last runs of each DAG, oldest first. */
export async function lastRuns(q: Queryable, dagIds: readonly string[], count: number) {
  if (dagIds.length === 0) return []
  return rowsOf<{
    dag_id: string
    id: string
    number: number
    state: string
    version: number
    created_at: string
    started_at: string | null
    ended_at: string | null
  }>(
    q,
    sql`
    select d.id as dag_id, r.id, r.number, r.state::text as state, v.number as version, r.created_at::text as created_at,
      r.started_at::text as started_at, r.ended_at::text as ended_at
    from unnest(${`{${dagIds.join(',')}}`}::uuid[]) as d(id)
    cross join lateral (select * from ${run} where dag_id = d.id order by number desc limit ${count}) r
    join version v on v.id = r.version_id order by d.id, r.number`,
  )
}

/** Notebooks at default branches that are no DAG yet, for their faults. */
export async function brokenNotebooks(q: Queryable, teamIds: readonly string[]) {
  if (teamIds.length === 0) return []
  return q
    .select({
      team: team.name,
      repo: repository.name,
      path: dagRef.path,
      commit: dagRef.sha,
      faults: dagRef.faults,
    })
    .from(dagRef)
    .innerJoin(repository, eq(repository.id, dagRef.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .where(
      and(
        inArray(team.id, [...teamIds]),
        isNull(dagRef.dagId),
        sql`${dagRef.ref} = 'refs/heads/' || ${repository.defaultBranch}`,
      ),
    )
}
