import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { dueEvents, notePublication, takeEvent } from '#db/queries/trigger.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { pauseDag } from '#server/services/dag/pause-dag.ts'
import { followEvent } from '#server/services/trigger/follow-event.ts'
import { readRefusals } from '#server/services/trigger/refused.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import { fails, succeeds } from '../testing/scripted-executor.ts'
import {
  killBeforeCommit,
  oneTask,
  owner,
  putAtTip,
  startScheduler,
  until,
  type Tip,
} from '../testing/tips.ts'
import { EventFollower } from './event-follower.ts'
import type { Scheduler } from './scheduler.ts'
import type { AttemptJob } from '../executors/executor.ts'

const { database } = testDatabase()
let hosted: Hosted
let scheduler: Scheduler
const environments = new Map<string, AttemptJob['env']>()
beforeAll(async () => {
  hosted = await startHosted(database())
  const started = await startScheduler(database(), (job) => {
    environments.set(job.runId, job.env)
    if (job.dag === 'broken') return fails()
    const file = (name: string) => ({ name, path: name, hash: 'h', size: 1, mediaType: 'text/plain' })
    return succeeds({ outputs: Object.keys(job.outputs).map(file) })
  })
  scheduler = started.scheduler
})
afterAll(async () => {
  await scheduler.stop()
  await hosted.close()
})

const follower = () => new EventFollower({ ...hosted.ctx, log: pino({ level: 'silent' }) })
const put = (repo: string, name: string, front = '', tasks?: string) =>
  putAtTip(database(), repo, name, oneTask(name, front, tasks))

/** Runs a DAG to its end. */
async function run({ dagId, versionId, spec }: Tip): Promise<string> {
  const { id } = await database().transaction((tx) =>
    createRun(tx, { dagId, versionId, spec, trigger: 'manual', triggeredBy: null, params: {} }),
  )
  await until(database(), async () => {
    const [row] = await database().client`select 1 from run where id = ${id} and ended_at is not null`
    return row
  })
  return id
}

/** Follows everything, by three followers at once, until nothing is left. */
async function follow(): Promise<void> {
  const all = [follower(), follower(), follower()]
  for (;;) {
    const answers = await Promise.all(all.map((one) => one.look()))
    if (answers.every((answer) => answer !== 0)) return
  }
}

/** What its page says of triggers that started nothing. */
const refusedOf = async ({ dagId }: Tip) =>
  (await readRefusals(database(), dagId)).map(({ trigger, source, why }) => ({ trigger, source, why }))

interface Started {
  id: string
  trigger: string
  causes: { run: string; task: string | null; output: string | null; dag: string }[]
}
const runsOf = ({ dagId }: Tip): Promise<Started[]> =>
  database().client<Started[]>`select id, trigger, causes from run where dag_id = ${dagId} order by number`

test('a success starts each DAG that waits for it, once, also with three followers; a failure starts none', async () => {
  const source = await put('s', 'source')
  const broken = await put('s', 'broken')
  const front = 'on: {success_of: [s/source, s/broken]}\n'
  const [one, two] = [await put('s', 'one', front), await put('t', 'two', front)]
  const ids = [await run(source), await run(source)]
  await run(broken)
  await follow()
  // Which of three comes first is nobody's to say.
  const started = async (tip: Tip) =>
    (await runsOf(tip)).map(({ trigger, causes }) => `${trigger} ${causes.map(({ run: id }) => id).join()}`)
  for (const tip of [one, two])
    expect((await started(tip)).toSorted()).toEqual(ids.map((id) => `success_of ${id}`).toSorted())
})

test('a follower that dies before its commit leaves the event; the next one starts the run', async () => {
  const source = await put('kill', 'source')
  const waiting = await put('kill', 'waiting', 'on: {success_of: kill/source}\n')
  await run(source)
  const { due } = await dueEvents(database(), 10)
  await killBeforeCommit(database(), (tx) => takeEvent(tx, due[0] ?? 0))
  expect(await runsOf(waiting)).toHaveLength(0)
  for (let n = 0; n < 3; n++) await followEvent(hosted.ctx, due[0] ?? 0)
  expect(await runsOf(waiting)).toHaveLength(1)
})

test('`any` output starts a run for each publication; `all` waits for the list, and takes the newest of each', async () => {
  const publish = '  - {id: say, command: [say], outputs: {o: o.txt, p: p.txt}}'
  const [a, b] = [await put('o', 'a', '', publish), await put('o', 'b', '', publish)]
  const any = await put('o', 'any', 'on: {outputs: {any: [o/a.say.o, o/a.say.p, o/b.say.o]}}\n')
  const all = await put('o', 'all', 'on: {outputs: {all: [o/a.say.o, o/b.say.p]}}\n')
  await run(a)
  await follow()
  expect((await runsOf(any)).map(({ causes }) => causes.map(({ output }) => output))).toEqual([['o', 'p']])
  expect(await runsOf(all)).toHaveLength(0)
  const second = await run(a)
  await follow()
  const third = await run(b)
  await follow()
  expect(await runsOf(any)).toHaveLength(3)
  const started = await runsOf(all)
  expect(started.map(({ causes }) => causes.map((cause) => [cause.run, cause.task, cause.output]))).toEqual([
    [
      [second, 'say', 'o'],
      [third, 'say', 'p'],
    ],
  ])
  await until(database(), () => Promise.resolve(environments.get(started[0]?.id ?? '')))
  const said = environments.get(started[0]?.id ?? '')?.['DAGBOK_CAUSES'] ?? '[]'
  expect((JSON.parse(said) as Started['causes']).map((cause) => cause.dag)).toEqual(['a', 'b'])
})

test('an expanded task publishes when all its items have, once', async () => {
  const tasks = '  - {id: say, command: [say], matrix: {k: [1, 2, 3]}, outputs: {o: o.txt}}'
  const wide = await put('m', 'wide', '', tasks)
  const waiting = await put('m', 'waiting', 'on: {outputs: {any: [m/wide.say.o]}}\n')
  await run(wide)
  await follow()
  expect(await runsOf(waiting)).toHaveLength(1)
})

test('with a version, only its runs count; a paused DAG is not started', async () => {
  const source = await put('v', 'source')
  const second = await put('v', 'source', 'title: second\n')
  const pinned = await put('v', 'pinned', 'on: {success_of: v/source@v2}\n')
  const paused = await put('v', 'paused', 'on: {success_of: v/source}\n')
  const ctx = { ...hosted.ctx }
  await pauseDag(ctx, await owner(database()), { team: 'main', repo: 'v', dag: 'paused' })
  await run(source)
  await follow()
  expect([await runsOf(pinned), await runsOf(paused)]).toEqual([[], []])
  expect(await refusedOf(paused)).toEqual([
    {
      trigger: 'success_of',
      source: 'v/source run 1',
      why: 'The DAG was paused; what happens meanwhile starts nothing, later either.',
    },
  ])
  expect(await refusedOf(pinned), 'a success of another version is none of its triggers').toEqual([])
  const id = await run(second)
  await follow()
  expect((await runsOf(pinned)).map(({ causes }) => causes[0]?.run)).toEqual([id])
})

test('DAGs that two pushes let wait for each other go round once, and stop', async () => {
  const ping = await put('c', 'ping', 'on: {success_of: c/pong}\n')
  const pong = await put('c', 'pong', 'on: {success_of: c/ping}\n')
  await run(ping)
  await follow()
  await until(database(), async () => {
    const [row] = await database()
      .client`select 1 from run where dag_id = ${pong.dagId} and ended_at is not null`
    return row
  })
  await follow()
  expect([(await runsOf(ping)).length, (await runsOf(pong)).length]).toEqual([1, 1])
  expect(await refusedOf(ping)).toEqual([
    {
      trigger: 'success_of',
      source: 'c/pong run 1',
      why: 'A run of the DAG is among its causes: it would go round in a circle.',
    },
  ])
})

test('a publication that is noted while an earlier one of its task is followed is followed, too', async () => {
  const tasks = '  - {id: make, matrix: {k: [1, 2]}, outputs: {o: o}, command: [make]}'
  const source = await put('race', 'source', '', tasks)
  const waits = await put('race', 'waits', 'on: {outputs: {any: [race/source.make.o]}}\n')
  const id = await run(source)
  await follow()
  expect(await runsOf(waits)).toHaveLength(1)
  // As when the second item ends: the event of the first one is still there, and this transaction is not over.
  const sql = database().client
  await sql`insert into trigger_event (run_id, task) values (${id}, 'make')`
  const [attempt] = await sql<{ id: string }[]>`select id from attempt where run_id = ${id} limit 1`
  await database().transaction(async (tx) => {
    await notePublication(tx, attempt?.id ?? '')
    const { due } = await dueEvents(database(), 10)
    for (const event of due) await followEvent(hosted.ctx, event)
  })
  // Not all that are due: an earlier test's event may have been put off, and be due by now.
  const left = () => sql`select 1 from trigger_event where run_id = ${id}`
  expect(await left()).toHaveLength(1)
  await follow()
  expect(await left()).toHaveLength(0)
})
