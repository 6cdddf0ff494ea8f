/** What a deployment says of all its tasks: how many at once, and who runs those that name no executor. */
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { postgresStore } from '#db/scheduling-store.ts'
import { schedulerLag } from '#db/queries/lag.ts'
import { plainDeployment } from '#server/domain/run/deployment.ts'
import { requireDag } from '#server/services/dag/address.ts'
import { createBackfill } from '#server/services/backfill/create-backfill.ts'
import { advanceBackfill } from '#server/services/backfill/advance-backfill.ts'
import { readRun, requireRun } from '#server/services/run/read-run.ts'
import { startRun } from '#server/services/run/start-run.ts'
import { asOwner } from '../testing/as-owner.ts'
import { scheduling } from '../testing/scheduling.ts'
import { succeeds } from '../testing/scripted-executor.ts'
import { untilOver } from '../testing/until-over.ts'
import { oneTask, owner, putAtTip } from '../testing/tips.ts'
import { CronEnqueuer } from './cron-enqueuer.ts'

const { database, work, dag, over, until } = scheduling()

const { holds } = untilOver()

test('[R4] two schedulers together run no more tasks at once than the deployment may, and all of them in the end', async () => {
  let [active, most] = [0, 0]
  const { promise: both, resolve: isBoth } = Promise.withResolvers<void>()
  const counts = async () => {
    most = Math.max(most, ++active)
    // All places are taken before the first of them is free again.
    if (active === 2) isBoth()
    await both
    await new Promise<void>((done) => setImmediate(done))
    active--
    return succeeds()
  }
  await work(counts, 8, { parallelism: 2 })
  await work(counts, 8, { parallelism: 2 })
  const made = await dag('  - {id: a, matrix: {k: [1, 2, 3, 4, 5, 6]}, command: [x]}')
  const runs = [await made.run(), await made.run(), await made.run()]
  for (const id of runs) expect((await over(id)).state).toBe('succeeded')
  expect(most).toBe(2)
})

test('what the bound keeps waiting says so, with who holds the places; that is no lag of a scheduler', async () => {
  await work(holds, 8, { parallelism: 1 })
  const [first, second] = [await dag('  - {id: a, command: [x]}'), await dag('  - {id: b, command: [x]}')]
  await until(await first.run(), 'a', 'running')
  const waiting = await second.run()
  await until(waiting, 'b', 'queued')
  const [ctx, actor] = await asOwner(database())
  const bounded = { ...ctx, deployment: { ...ctx.deployment, parallelism: 1 } }
  const run = await readRun(bounded, await requireRun(bounded, actor, waiting, 'run:read'))
  expect(run.taskRuns[0]?.whyNotRunning?.sentence).toBe(
    `As many tasks of this Dagbok run as may at once (DAGBOK_PARALLELISM 1): ${first.id} run 1 a.`,
  )
  await database().client`update task_run set queued_at = now() - interval '1 hour' where run_id = ${waiting}`
  expect(await schedulerLag(database(), 1)).toBeLessThan(600)
  expect(await schedulerLag(database(), null)).toBeGreaterThan(3000)
})

test('a task that names no executor, nor does its DAG, is for the deployment’s, however its run is made', async () => {
  const front = 'schedule: {cron: "0 0 * * *"}\n'
  const tasks =
    '  - {id: plain, command: [x]}\n  - {id: here, executor: process, command: [x]}\n  - {id: far, executor: pool, queue: far, command: [x]}'
  const yesterday = new Date(Date.now() - 86_400_000)
  const { dagId } = await putAtTip(database(), 'e', 'mixed', oneTask('mixed', front, tasks), yesterday)
  const ofDag = 'defaults: {executor: process}\n'
  const own = await putAtTip(database(), 'e', 'own', oneTask('own', ofDag))
  const actor = await owner(database())
  const [plain] = await asOwner(database())
  const deployment = { ...plainDeployment, executor: 'pool' } as const
  // At a tip there is a version: nothing is asked of git.
  const ctx = { ...plain, deployment }
  const log = pino({ level: 'silent' })
  await new CronEnqueuer(postgresStore(database()), log, undefined, deployment).look(new Date())
  const ref = { team: 'main', repo: 'e', dag: 'mixed' }
  const range = {
    schedule: 1,
    from: '2026-01-01',
    to: '2026-01-01',
    reprocess: 'none',
    order: 'oldest',
  } as const
  const fill = await createBackfill(ctx, actor, { ref, ...range, concurrency: 1, params: {} })
  await database().transaction((tx) => advanceBackfill(tx, fill.id, deployment))
  const given = { version: null, params: {}, force: false }
  await startRun(ctx, actor, { ref, ...given })
  await startRun(ctx, actor, { ref: { ...ref, dag: 'own' }, ...given })
  const queues = async (of: string) =>
    (
      await database().client<{ trigger: string; task: string; queue: string | null }[]>`
        select r.trigger, t.task, split_part(t.queue, '/', 2) as queue
        from task_run t join run r on r.id = t.run_id where r.dag_id = ${of} order by r.number, t.task`
    ).map(({ trigger, task, queue }) => `${trigger} ${task} ${queue}`)
  expect(await queues(dagId)).toEqual(
    ['schedule', 'backfill', 'api'].flatMap((trigger) => [
      `${trigger} far far`,
      `${trigger} here null`,
      `${trigger} plain default`,
    ]),
  )
  expect(await queues(own.dagId)).toEqual(['api say null'])
  expect((await requireDag(ctx, actor, ref, 'run:read')).id).toBe(dagId)
})
