import { sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'

/** How often each version of a DAG was run, and how the last time ended. */
export async function versionRunCounts(q: Queryable, dagId: string) {
  const rows = await rowsOf<{
    version_id: string
    runs: number
    id: string
    number: number
    state: string
  }>(
    q,
    sql`
    select distinct on (version_id) version_id, id, number, state::text as state,
      (count(*) over (partition by version_id))::int as runs
    from run where dag_id = ${dagId} order by version_id, number desc`,
  )
  return rows.map((row) => ({
    versionId: row.version_id,
    runs: row.runs,
    lastId: row.id,
    lastNumber: row.number,
    lastState: row.state,
  }))
}
