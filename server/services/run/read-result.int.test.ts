/** What runs left, as pages read it: also when it is odd, or very much. */
import { Readable } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import { scheduling } from '#workers/testing/scheduling.ts'
import { succeeds } from '#workers/testing/scripted-executor.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { readTaskResult, requireRun } from './read-run.ts'
import { readTablePage } from './read-table.ts'

const { database, work, start, over } = scheduling()

/** A run of one task that left the table `t`, which reads as `text`. */
async function left(text: () => Readable) {
  const output = { name: 't', path: 't.csv', hash: 'h', size: 1, mediaType: 'text/csv' }
  await work(() => succeeds({ outputs: [output] }))
  const runId = await start('  - {id: a, outputs: {t: t.csv}, command: [a]}')
  await over(runId)
  const { teamId, userId } = await ensureFirstOwner(database(), { team: 'main', user: 'Owner', email: 'o@x' })
  const actor: Actor = {
    userId,
    name: 'Owner',
    email: 'o@x',
    via: 'session',
    teams: [{ id: teamId, name: 'main', role: 'owner' }],
  }
  const ctx = {
    db: database(),
    artifacts: { read: () => Promise.resolve(text()) },
    log: pino({ level: 'silent' }),
    publicUrl: '',
  } as unknown as ServiceContext
  const [attempt] = await database().client<{ id: string }[]>`select id from attempt where run_id = ${runId}`
  return { ctx, actor, runId, attemptId: attempt?.id ?? '' }
}

test('[R18] a table with a quote that is never closed is refused early, and its file is closed', async () => {
  let given = 0
  const source = new Readable({
    read() {
      given += 2 ** 20
      this.push(
        given > 2 ** 30 ? null : given === 2 ** 20 ? `a,b\n"${'x'.repeat(2 ** 20)}` : 'x'.repeat(2 ** 20),
      )
    },
  })
  const closed = new Promise<void>((done) => source.once('close', done))
  const { ctx, actor, attemptId } = await left(() => source)
  await expect(
    readTablePage(ctx, actor, { attemptId, name: 't', offset: 0, limit: 10 }),
  ).rejects.toMatchObject({
    code: 'bad_input',
  })
  await closed
  expect(given).toBeLessThan(2 ** 24)
})

test('a table whose bytes cannot be read any more is refused, and ends nothing else', async () => {
  const { ctx, actor, attemptId } = await left(
    () =>
      new Readable({
        read() {
          this.destroy(new Error('the disk is away'))
        },
      }),
  )
  await expect(
    readTablePage(ctx, actor, { attemptId, name: 't', offset: 0, limit: 10 }),
  ).rejects.toMatchObject({
    code: 'bad_input',
  })
})

test('a task that left a hundred thousand figures in each of three attempts can be looked at', async () => {
  const { ctx, actor, runId, attemptId } = await left(() => Readable.from(['a\n']))
  const sql = database().client
  for (const n of [2, 3])
    await sql`insert into attempt (task_run_id, run_id, n, token, state, executor, ended_at)
      select task_run_id, run_id, ${n}, gen_random_uuid(), 'failed', 'x', now() from attempt where id = ${attemptId}`
  await sql`insert into metric (attempt_id, seq, name, value, declared)
    select a.id, i, 'm', i, false from attempt a, generate_series(1, 100000) i where a.run_id = ${runId}`
  const result = await readTaskResult(ctx, await requireRun(ctx, actor, runId, 'run:read'), 'a', null)
  expect(result.metrics).toHaveLength(100_000)
})
