import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scheduleSchema } from '#server/domain/dag/spec.ts'
import { scheduleKey } from '#server/domain/schedule/entries.ts'
import { openSql, type Sql } from './sql.ts'
import { migrateDatabase } from './migrate.ts'
import { refuseOlderBuilds, requireSchema } from './schema-version.ts'
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
    await sql.run(`update ${table} set state = '${end}', ended_at = now() where id = '${id}'`)
    await expect(
      sql.run(`update ${table} set state = 'running', ended_at = null where id = '${id}'`),
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

/** Runs the migrations from `first` up to, not with, `end`, by the numbers their files begin with, in a schema of its own. */
async function applied(sql: Sql, first: number, end: number): Promise<void> {
  const folder = join(import.meta.dirname, 'migrations')
  const files = readdirSync(folder).filter((name) => name.endsWith('.sql'))
  for (const file of files.sort()) {
    const number = Number(file.slice(0, 4))
    if (number < first || number >= end) continue
    const text = readFileSync(join(folder, file), 'utf8').replaceAll('"public".', '"before".')
    for (const statement of text.split('--> statement-breakpoint')) await sql.run(statement)
  }
}

test('[R9] an upgrade carries over where crons stood, with the keys that this build gives them', async () => {
  const sql = openSql(url(), { max: 1 })
  await sql`create schema before`
  await sql`set search_path to before`
  await applied(sql, 0, 4)
  await sql`insert into team (name) values ('t')`
  await sql`insert into repository (team_id, name) select id, 'r' from team`
  await sql`insert into dag (repository_id, name) select id, 'd' from repository`
  const old = {
    cron: '0 6 * * *',
    timezone: 'Asia/Tokyo',
    start_date: '2026-01-01',
    end_date: null,
    params: { n: 1 },
  }
  await sql`
    insert into version (dag_id, number, bundle_hash, bundle, path, spec, commit_sha, author_name, author_email, subject, committed_at)
    select id, 1, 'h', '[]', 'p', ${JSON.stringify({ schedule: [old] })}::text::jsonb, 'c', 'a', 'e', 's', now() from dag`
  const [last, next] = ['2026-06-01T21:00:00Z', '2026-06-02T21:00:00Z']
  await sql`insert into schedule_cursor (dag_id, version_id, last_tick, next_tick) select dag_id, id, ${last}, ${next} from version`
  await applied(sql, 4, 5)
  const [row] = await sql<{ key: string; entry: unknown; cursor: Date; next_tick: Date }[]>`
    select key, entry, cursor, next_tick from dag_schedule`
  await sql.end()
  const entry = scheduleSchema.parse(row?.entry)
  expect(entry).toEqual(scheduleSchema.parse(old))
  expect(row?.key).toBe(scheduleKey(entry))
  expect([row?.cursor, row?.next_tick].map((time) => new Date(String(time)))).toEqual([
    new Date(last),
    new Date(next),
  ])
})

test('a second migration changes nothing', async () => {
  const count = () =>
    database().client<{ n: number }[]>`select count(*)::int as n from drizzle.__drizzle_migrations`
  const before = await count()
  await migrateDatabase(url())
  expect(await count()).toEqual(before)
})

test('[R19] a build goes on on the schema of a newer one, until that says that it may not: then it refuses with a sentence', async () => {
  const sql = database().client
  await expect(requireSchema(sql)).resolves.toBeUndefined()
  await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of a later build', 9999999999999)`
  await expect(migrateDatabase(url())).resolves.toBeUndefined()
  await expect(requireSchema(sql)).resolves.toBeUndefined()
  await sql`update drizzle.oldest_build set at = 9999999999999`
  await expect(migrateDatabase(url())).rejects.toThrow('made by a newer Dagbok')
  await expect(requireSchema(sql)).rejects.toThrow('made by a newer Dagbok')
  await refuseOlderBuilds(sql)
  await expect(requireSchema(sql), 'what was said is not taken back').rejects.toThrow(
    'made by a newer Dagbok',
  )
  await sql`delete from drizzle.oldest_build`
  await expect(requireSchema(sql), 'nobody said that it may').rejects.toThrow('made by a newer Dagbok')
})
