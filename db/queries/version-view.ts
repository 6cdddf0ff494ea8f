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

/** Versions of a DAG between two that are compared, of which the tasks are read at most. */
const mostBetween = 200

/** Of versions of a DAG from the first to the last of these numbers, each task's id and that it had before; none where nothing was renamed. */
export async function renamedTasks(q: Queryable, dagId: string, numbers: readonly number[]) {
  const [first, last] = [Math.min(...numbers), Math.max(...numbers)]
  const rows = await rowsOf<{ number: number; tasks: [id: string, renamedFrom: string | null][] | null }>(
    q,
    sql`
    select number, (
      select json_agg(json_build_array(t->>'id', t->>'renamed_from') order by place)
      from jsonb_array_elements(spec->'tasks') with ordinality as one(t, place)) as tasks
    from version
    where dag_id = ${dagId} and number between ${first} and ${last}
      and (number = any(${`{${numbers.join(',')}}`}::int[]) or number > ${last - mostBetween})
      and exists (
        select from version v where v.dag_id = ${dagId} and v.number between ${first} and ${last}
          and v.spec @? '$.tasks[*].renamed_from ? (@ != null)')
    order by number`,
  )
  return rows.map(({ number, tasks }) => ({
    number,
    tasks: (tasks ?? []).map(([id, renamedFrom]) => ({ id, renamedFrom })),
  }))
}
