/** DAGs as the list, their home and the API show them. */
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'
import { dag, dagRef, repository, run, scheduleCursor, team, version } from '../schema/index.ts'

/** DAGs of these teams (or one of them) with what the default branch's tip says of them. */
export async function dagRows(
  q: Queryable,
  teamIds: readonly string[],
  only?: { repo: string; name: string },
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
      nextTick: scheduleCursor.nextTick,
      versionId: version.id,
      versionNumber: version.number,
      commit: version.commitSha,
      subject: version.subject,
      author: version.authorName,
      committedAt: version.committedAt,
      title: sql<string | null>`${version.spec}->>'title'`,
      description: sql<string | null>`${version.spec}->>'description'`,
      tags: sql<string[] | null>`${version.spec}->'tags'`,
      schedule: sql<{ cron: string; timezone: string }[] | null>`${version.spec}->'schedule'`,
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
    .leftJoin(scheduleCursor, eq(scheduleCursor.dagId, dag.id))
    .where(
      and(
        inArray(team.id, [...teamIds]),
        only === undefined ? undefined : and(eq(repository.name, only.repo), eq(dag.name, only.name)),
      ),
    )
    .orderBy(asc(team.name), asc(repository.name), asc(dag.name))
}
export type DagRow = Awaited<ReturnType<typeof dagRows>>[number]

export async function findDagRow(q: Queryable, teamId: string, repo: string, name: string) {
  const [row] = await dagRows(q, [teamId], { repo, name })
  return row ?? null
}

/** The last runs of each DAG, oldest first. */
export async function lastRuns(q: Queryable, dagIds: readonly string[], count: number) {
  if (dagIds.length === 0) return []
  return q.execute<{
    dag_id: string
    id: string
    number: number
    state: string
    version: number
    duration: number | null
    created_at: string
  }>(sql`
    select d.id as dag_id, r.id, r.number, r.state::text as state, v.number as version, r.created_at::text as created_at,
      (extract(epoch from r.ended_at - r.started_at) * 1000)::float8 as duration
    from unnest(${`{${dagIds.join(',')}}`}::uuid[]) as d(id)
    cross join lateral (select * from ${run} where dag_id = d.id order by number desc limit ${count}) r
    join version v on v.id = r.version_id order by d.id, r.number`)
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
