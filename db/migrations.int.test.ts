import { expect, test } from 'vitest'
import { migrateDatabase } from './migrate.ts'
import { testDatabase } from './testing/test-database.ts'

const { database, url } = testDatabase()

async function oneAttempt(): Promise<{ run: string; taskRun: string; attempt: string }> {
  const sql = database().client
  const [team] = await sql`insert into team (name) values (${crypto.randomUUID()}) returning id`
  const [repository] =
    await sql`insert into repository (team_id, name) values (${team?.['id']}, 'r') returning id`
  const [dag] =
    await sql`insert into dag (repository_id, name) values (${repository?.['id']}, 'd') returning id`
  const [version] = await sql`
    insert into version (dag_id, number, bundle_hash, bundle, path, spec, commit_sha, author_name, author_email, subject, committed_at)
    values (${dag?.['id']}, 1, 'h', '[]', 'd.dag.md', '{}', 'c', 'a', 'e', 's', now()) returning id`
  const [run] = await sql`
    insert into run (dag_id, version_id, number, trigger, params) values (${dag?.['id']}, ${version?.['id']}, 1, 'manual', '{}') returning id`
  const [taskRun] = await sql`insert into task_run (run_id, task) values (${run?.['id']}, 't') returning id`
  const [attempt] = await sql`
    insert into attempt (task_run_id, run_id, n, token, executor) values (${taskRun?.['id']}, ${run?.['id']}, 1, gen_random_uuid(), 'process') returning id`
  return { run: String(run?.['id']), taskRun: String(taskRun?.['id']), attempt: String(attempt?.['id']) }
}

test('[R3] a terminal state of a run, a task run or an attempt is final', async () => {
  const sql = database().client
  const ids = await oneAttempt()
  for (const [table, id, end] of [
    ['attempt', ids.attempt, 'lost'],
    ['task_run', ids.taskRun, 'upstream_failed'],
    ['run', ids.run, 'cancelled'],
  ] as const) {
    await sql`update ${sql(table)} set state = ${end}, ended_at = now() where id = ${id}`
    await expect(
      sql`update ${sql(table)} set state = 'running', ended_at = null where id = ${id}`,
    ).rejects.toThrow('a terminal state is final')
  }
})

test('a state that has ended has a time, and one that has not has none', async () => {
  const sql = database().client
  const ids = await oneAttempt()
  await expect(sql`update run set state = 'failed' where id = ${ids.run}`).rejects.toThrow('run_ended')
  await expect(sql`update task_run set ended_at = now() where id = ${ids.taskRun}`).rejects.toThrow(
    'task_run_ended',
  )
  await expect(sql`update task_run set state = 'retrying' where id = ${ids.taskRun}`).rejects.toThrow(
    'task_run_due',
  )
})

test('[R9] a tick of a schedule of a DAG makes one run', async () => {
  const sql = database().client
  const { run } = await oneAttempt()
  const tick = (number: number, schedule: string) => sql`
    insert into run (dag_id, version_id, number, trigger, schedule, params, logical_date)
    select dag_id, version_id, ${number}, 'schedule', ${schedule}, '{}', '2026-01-01T06:00:00Z' from run where id = ${run}`
  await tick(2, 'one')
  await tick(3, 'another')
  await expect(tick(4, 'one')).rejects.toThrow('run_schedule_tick')
})

test('a second migration changes nothing, and a database of a newer build is refused', async () => {
  await migrateDatabase(url())
  await database()
    .client`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of a later build', 9999999999999)`
  await expect(migrateDatabase(url())).rejects.toThrow('made by a newer Dagbok')
})
