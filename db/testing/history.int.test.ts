import { expect, test } from 'vitest'
import { scheduling } from '#workers/testing/scheduling.ts'
import { openSql, type Sql } from '../sql.ts'
import { endedAttempts, fillHistory, holdTransaction } from './history.ts'

const { dag, url } = scheduling()

async function onDatabase<T>(work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = openSql(url(), { max: 3 })
  try {
    return await work(sql)
  } finally {
    await sql.end()
  }
}

test('a history is whole: runs of every DAG with 10 task runs, an attempt and a piece of log each; a new run comes after it', () =>
  onDatabase(async (sql) => {
    const dags = [await dag('  - {id: t0, command: ["true"]}'), await dag('  - {id: t0, command: ["true"]}')]
    expect(await fillHistory(sql, 60)).toBe(60)
    expect(await endedAttempts(sql)).toBe(60)
    const runs = await sql`
      select d.name, count(distinct r.id)::integer as runs, count(distinct t.id)::integer as tasks,
        count(distinct l.attempt_id)::integer as logs, max(r.number) < d.next_run_number as below,
        bool_and(t.ended_at <= r.ended_at and t.started_at >= r.started_at) as inside
      from dag d join run r on r.dag_id = d.id join task_run t on t.run_id = r.id
      join attempt a on a.task_run_id = t.id join log_chunk l on l.attempt_id = a.id
      group by d.id`
    expect(runs).toHaveLength(2)
    for (const row of runs)
      expect(row).toMatchObject({ runs: 3, tasks: 30, logs: 30, below: true, inside: true })
    const id = (await dags[0]?.run()) ?? ''
    const [newest] = await sql`select id from run order by created_at desc limit 1`
    expect(newest).toEqual({ id })
  }))

test('a held transaction keeps what dies after it from being vacuumed, until it is released', () =>
  onDatabase(async (sql) => {
    const held = () =>
      sql`select 1 from pg_stat_activity where datname = current_database() and backend_xid is not null
        and state = 'idle in transaction'`
    const release = await holdTransaction(sql)
    expect(await held()).toHaveLength(1)
    await release()
    expect(await held()).toHaveLength(0)
  }))
