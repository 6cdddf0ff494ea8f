/** Why something is not running, said of what the real scheduler leaves waiting. */
import { beforeEach, expect, test } from 'vitest'
import { schedulerLag } from '#db/queries/lag.ts'
import { othersOf } from '#db/queries/admission.ts'
import { deletePool, savePool } from '#db/queries/pool.ts'
import { queuedRuns } from '#db/queries/why.ts'
import { insertWorkerToken, registerWorker } from '#db/queries/worker.ts'
import { listDags } from '#server/services/dag/list-dags.ts'
import { readRun, requireRun } from '#server/services/run/read-run.ts'
import { asOwner } from '../testing/as-owner.ts'
import { scheduling } from '../testing/scheduling.ts'
import { fails } from '../testing/scripted-executor.ts'
import { untilOver } from '../testing/until-over.ts'

const { database, work, dag, start, over, until } = scheduling()

const { holds, over: testOver } = untilOver()

beforeEach(async () => {
  await database().client`delete from run`
  await database().client`update worker set stopped_at = now()`
})

/** Of a task run, or of the run. */
async function whyOf(runId: string, task: string | null = null, key: string | null = null) {
  const [ctx, actor] = await asOwner(database())
  const run = await readRun(ctx, await requireRun(ctx, actor, runId, 'run:read'))
  const of = task === null ? run : run.taskRuns.find((one) => one.task === task && one.key === key)
  return of?.whyNotRunning ?? null
}
const sentenceOf = async (...of: Parameters<typeof whyOf>) => (await whyOf(...of))?.sentence ?? null

const pool = async (slots: number) => {
  const [, actor] = await asOwner(database())
  const teamId = actor.teams[0]?.id ?? ''
  await savePool(database(), { teamId, name: 'gpu', slots })
  return teamId
}

test('no worker is alive', async () => {
  const id = await start('  - {id: a, command: [x]}')
  const says = 'No worker of this Dagbok is alive: nothing starts until one is.'
  expect(await sentenceOf(id)).toContain(says)
  expect(await sentenceOf(id, 'a')).toContain(`Its run has not started. ${says}`)
  await work(holds)
  await until(id, 'a', 'running')
  expect(await whyOf(id)).toBeNull()
  expect(await whyOf(id, 'a')).toBeNull()
  const late = await start('  - {id: a, pool: nowhere, command: [x]}')
  await until(late, 'a', 'queued')
  await database().client`update worker set heartbeat_at = now() - interval '2 minutes'`
  expect(await sentenceOf(late, 'a')).toBe(says)
})

test('a pool is not there, too small, full: who holds it', async () => {
  await work(holds)
  const tasks = '  - {id: a, pool: gpu, slots: 2, command: [x]}'
  const id = await start(tasks)
  await until(id, 'a', 'queued')
  expect(await whyOf(id, 'a')).toEqual({
    sentence: 'There is no pool gpu: it waits until somebody makes it.',
    links: [{ text: 'pool gpu', url: '/settings#pools' }],
  })
  await pool(1)
  expect(await sentenceOf(id, 'a')).toBe(
    'It takes 2 slots of pool gpu, which has 1: it waits until the pool has more.',
  )
  const teamId = await pool(2)
  await database().client`select pg_notify('dagbok_work', '')`
  await until(id, 'a', 'running')
  const second = await dag(tasks)
  const waiting = await second.run()
  await until(waiting, 'a', 'queued')
  const why = await whyOf(waiting, 'a')
  expect(why?.sentence).toMatch(/^The pool gpu is full: 2 of 2 slots are held by d\w+ run 1 a\.$/)
  expect(why?.links[1]?.url).toMatch(/^\/main\/r\/d\w+\/runs\/1\?task=a$/)
  // Of the run as well: nothing else of it goes on.
  expect(await sentenceOf(waiting)).toMatch(/^Nothing of it runs now\. a: The pool gpu is full/)
  await deletePool(database(), teamId, 'gpu')
})

test('max_active_tasks and max_parallel', async () => {
  await work(holds)
  const id = await start('  - {id: a, command: [x]}\n  - {id: b, command: [x]}', {
    front: 'limits: {max_active_tasks: 1}\n',
  })
  const first = await Promise.race(
    ['a', 'b'].map(async (task) => {
      await until(id, task, 'running')
      return task
    }),
  )
  expect(await sentenceOf(id, first === 'a' ? 'b' : 'a')).toMatch(
    new RegExp(
      String.raw`^As many tasks of this version of d\w+ run as may at once \(max_active_tasks 1\): d\w+ run 1 ${first}\.$`,
    ),
  )
  const mapped = await start('  - {id: m, command: [x], map: {over: "${{ [1, 2] }}", max_parallel: 1}}')
  await until(mapped, 'm', 'running')
  const sentences = [await sentenceOf(mapped, 'm', '1'), await sentenceOf(mapped, 'm', '2')]
  expect(sentences).toContainEqual(
    expect.stringMatching(/^As many items of it run as may at once \(max_parallel 1\): m \([12]\)\.$/),
  )
})

test('nothing is free on the worker', async () => {
  await work(holds, 1)
  const first = await start('  - {id: a, command: [x]}')
  await until(first, 'a', 'running')
  const second = await start('  - {id: a, command: [x]}')
  await until(second, 'a', 'queued')
  expect(await sentenceOf(second, 'a')).toMatch(
    /^Nothing is free: 1 of 1 places of the worker are taken by d\w+ run 1 a\.$/,
  )
})

test('nothing is free in a queue: whose places they are, and who holds them', async () => {
  await work(holds)
  const [, actor] = await asOwner(database())
  const teamId = actor.teams[0]?.id ?? ''
  const tokenId = await insertWorkerToken(database(), {
    teamId,
    createdBy: actor.userId,
    name: 'gpus',
    secretHash: 'h',
    prefix: 'p',
  })
  const remote = crypto.randomUUID()
  await registerWorker(database(), { id: remote, host: 'far', pid: 1, tokenId, queues: ['gpu'], slots: 1 })
  const tasks = '  - {id: a, executor: pool, queue: gpu, command: [x]}'
  const first = await dag(tasks)
  const holder = await until(await first.run(), 'a', 'queued')
  const second = await start(tasks)
  await until(second, 'a', 'queued')
  expect(await sentenceOf(second, 'a')).toBe('A worker takes it in a moment.')
  await database().client`
    insert into attempt (task_run_id, run_id, n, token, executor, worker_id)
    select id, run_id, 1, gen_random_uuid(), 'pool', ${remote} from task_run where id = ${holder}`
  const why = await whyOf(second, 'a')
  expect(why?.sentence).toBe(
    `Nothing is free: 1 of 1 places of the worker that serves its queue gpu are taken by ${first.id} run 1 a.`,
  )
  expect(why?.links).toEqual([{ text: `${first.id} run 1 a`, url: `/main/r/${first.id}/runs/1?task=a` }])
  await database().client`update worker set draining_at = now() where id = ${remote}`
  expect(await sentenceOf(second, 'a')).toBe(
    'No worker serves its queue gpu: start one with `dagbok worker --queue gpu`.',
  )
})

test('who looks after a cluster only runs no task of its own machine, and nothing lags because of it', async () => {
  const id = crypto.randomUUID()
  await registerWorker(database(), { id, host: 'cluster far', pid: 1, queues: ['@far'], slots: 9 })
  const run = await start('  - {id: a, command: [x]}')
  await database().client`update run set state = 'running', started_at = now() where id = ${run}`
  await database()
    .client`update task_run set state = 'queued', queued_at = now() - interval '1 hour' where run_id = ${run}`
  expect(await sentenceOf(run, 'a')).toMatch(/^No worker of this Dagbok is alive: /)
  expect(await schedulerLag(database(), null)).toBe(0)
})

test('max_active_runs and strategies: behind which run', async () => {
  await work((job, cancelled) => (job.task === 'bad' ? fails() : holds(job, cancelled)))
  const full = await dag('  - {id: a, command: [x]}', 'limits: {max_active_runs: 1}\n')
  await until(await full.run(), 'a', 'running')
  const waiting = await full.run()
  const why = await whyOf(waiting)
  expect(why?.sentence).toMatch(
    /^1 of 1 runs of this version of d\w+ are running \(max_active_runs 1\): run 1\. It gives up at 20/,
  )
  expect(why?.links).toMatchObject([{ text: 'run 1', url: `/main/r/${full.id}/runs/1` }])
  const [ctx, actor] = await asOwner(database())
  const listed = (await listDags(ctx, actor)).dags.find((one) => one.ref.dag === full.id)
  expect(listed?.queued).toMatchObject({ number: 2, sentence: why?.sentence })

  const turn = await dag('  - {id: a, command: [x]}', 'limits: {strategy: sequential}\n')
  await until(await turn.run(), 'a', 'running')
  const [second, third] = [await turn.run(), await turn.run()]
  expect(await sentenceOf(second)).toContain('It waits for the end of run 1 (strategy sequential).')
  expect(await sentenceOf(third)).toContain('It waits for the end of run 1 (strategy sequential).')

  const strict = await dag('  - {id: bad, command: [x]}', 'limits: {strategy: strict_sequential}\n')
  expect((await over(await strict.run())).state).toBe('failed')
  const held = await strict.run()
  expect(await sentenceOf(held)).toContain(
    'run 1 failed: it waits until that is recovered (strategy strict_sequential).',
  )

  // What is said rests on what the scheduler asks.
  for (const run of await queuedRuns(database(), [waiting, second, third, held]))
    expect(
      await othersOf(database(), {
        ...run.waiting,
        id: run.id,
        dagId: run.dagId,
        versionId: run.versionId,
        number: run.number,
        recovers: false,
      }),
    ).toEqual(run.others)
})

test('tasks, times, other runs, people, retries, probes', async () => {
  await work((job, cancelled) =>
    job.task === 'again'
      ? fails()
      : job.task === 'poll'
        ? { ...fails(), exitCode: 75 }
        : holds(job, cancelled),
  )
  const made = await dag(
    `  - {id: a, command: [x]}
  - {id: b, needs: [a], command: [x]}
  - {id: w, wait: 1d}
  - {id: r, wait: {run: r/other}}
  - {id: ask, approve: "Ship it?"}
  - {id: again, retries: 1, retry_delay: 1h, command: [x]}
  - {id: poll, poll: {every: 1h, timeout: 2h, not_ready_exit_codes: [75]}, command: [x]}`,
  )
  const id = await made.run({ logicalDate: new Date(Date.UTC(2026, 0, 1)) })
  await until(id, 'a', 'running')
  await until(id, 'ask', 'awaiting_input')
  await until(id, 'again', 'retrying')
  expect(await sentenceOf(id, 'b')).toBe('It waits for a (running).')
  expect((await whyOf(id, 'b'))?.links).toEqual([{ text: 'a', url: `/main/r/${made.id}/runs/1?task=a` }])
  const at = String.raw`20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC`
  const settled = async (task: string, words: string) =>
    expect.poll(() => sentenceOf(id, task), { timeout: 60_000 }).toMatch(new RegExp(`^${words}`))
  await settled('w', `It waits until ${at}\\.$`)
  await settled(
    'r',
    'It waits for a run of r/other for 2026-01-01 00:00:00 UTC: there is none yet\\. Without it, it fails at ',
  )
  await settled(
    'ask',
    `It waits for a person's answer: Owner of team main may give it\\. Without an answer it fails at ${at}`,
  )
  await settled('again', `Attempt 1 did not succeed; the next starts at ${at}\\. The command ended`)
  await settled('poll', `It was not ready: the next probe is at ${at}\\. It gives up at ${at}`)
})

test('a task that depends on the past waits for the run before', async () => {
  await work(() => fails())
  const made = await dag('  - {id: a, depends_on_past: true, command: [x]}')
  const day = (n: number) => new Date(Date.UTC(2026, 0, n))
  expect((await over(await made.run({ logicalDate: day(1) }))).state).toBe('failed')
  const next = await made.run({ logicalDate: day(2) })
  await expect
    .poll(() => sentenceOf(next, 'a'), { timeout: 60_000 })
    .toMatch(
      /^It waits until a has succeeded in the run before, d\w+ run 1 \(failed\): it depends on the past\. It gives up at 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC\.$/,
    )
  expect(await sentenceOf(next)).toMatch(/^Nothing of it runs now\. a: It waits until a has succeeded/)
})

test('an attempt that was handed out and has not begun', async () => {
  const { executor } = await work(holds)
  executor.submit = () => testOver()
  const id = await start('  - {id: a, command: [x]}')
  await until(id, 'a', 'starting')
  expect(await sentenceOf(id, 'a')).toBe('Attempt 1: the worker on test makes its files and inputs ready.')
})
