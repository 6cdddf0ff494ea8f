/** Whose a live topic is: it names a run, a DAG, an attempt, a repository or a team, and is for that team alone. */
import { sql, type SQL } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'

const ofDag = sql`dag d join repository p on p.id = d.repository_id`

/** By the kind of a topic, its team; of a pool, a secret or a worker the topic names that itself. */
const teams: Partial<Record<string, (id: string) => SQL>> = {
  run: (id) =>
    sql`select p.team_id as team from ${ofDag} join run r on r.dag_id = d.id where r.id = ${id}::uuid`,
  dag: (id) => sql`select p.team_id as team from ${ofDag} where d.id = ${id}::uuid`,
  versions: (id) => sql`select p.team_id as team from ${ofDag} where d.id = ${id}::uuid`,
  repository: (id) => sql`select team_id as team from repository where id = ${id}::uuid`,
  log: (id) =>
    sql`select p.team_id as team from ${ofDag} join run r on r.dag_id = d.id join attempt a on a.run_id = r.id where a.id = ${id}::uuid`,
  pool: (id) => sql`select ${id} as team`,
  secret: (id) => sql`select ${id} as team`,
  worker: (id) => sql`select ${id} as team`,
}

/** The id of the team that a topic (`run:ID`) is for; null: it is nobody's, or of no kind that is known. */
export async function teamOfTopic(q: Queryable, topic: string): Promise<string | null> {
  const at = topic.indexOf(':')
  const question = teams[topic.slice(0, Math.max(0, at))]?.(topic.slice(at + 1))
  if (question === undefined) return null
  const [row] = await rowsOf<{ team: string }>(q, question)
  return row?.team ?? null
}
