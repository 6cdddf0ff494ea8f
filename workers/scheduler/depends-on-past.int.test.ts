/** What a run before tells a task that says `depends_on_past`. */
import { expect, test } from 'vitest'
import { rerun } from '#server/services/run/rerun.ts'
import { asOwner } from '../testing/as-owner.ts'
import { scheduling } from '../testing/scheduling.ts'
import { fails, succeeds } from '../testing/scripted-executor.ts'

const { database, work, dag, over, states, until } = scheduling()

/** No poll comes to help: what is held back must be told. */
const untimed = { after: () => () => {} }

test('`depends_on_past` waits for its own success in the run before', async () => {
  let failing = ''
  const made = await dag('  - {id: chain, command: [x], depends_on_past: true}\n  - {id: free, command: [x]}')
  const tick = (day: number) =>
    made.run({ trigger: 'schedule', logicalDate: new Date(Date.UTC(2026, 0, day)) })
  // Nobody looks before both are there: the second would have none before it.
  const [second, first] = [await tick(2), await tick(1)]
  const { executor } = await work(
    (job) => (job.task === 'chain' && job.runId === failing ? fails() : succeeds()),
    8,
    untimed,
  )
  expect((await over(first)).state).toBe('succeeded')
  expect((await over(second)).state).toBe('succeeded')
  const chain = executor.started.filter((job) => job.task === 'chain').map((job) => job.runId)
  expect(chain).toEqual([first, second])
  failing = await tick(3)
  await over(failing)
  const held = await tick(4)
  await until(held, 'free', 'succeeded')
  expect(await states(held)).toMatchObject({ chain: 'waiting' })
})

test('`depends_on_past` asks for the run before of the same schedule, and of what was made again of it', async () => {
  let failing = ''
  await work((job) => (job.runId === failing ? fails() : succeeds()), 8, untimed)
  const made = await dag('  - {id: chain, command: [x], depends_on_past: true}')
  await database().client`
    insert into dag_schedule (dag_id, key, version_id, entry, cursor)
    select ${made.dagId}::uuid, key, ${made.versionId}::uuid, '{}'::jsonb, now() from unnest(array['daily', 'weekly']) as key`
  const tick = (schedule: string, day: number) =>
    made.run({ trigger: 'schedule', schedule, logicalDate: new Date(Date.UTC(2026, 0, day)) })
  failing = await tick('daily', 1)
  expect((await over(failing)).state).toBe('failed')
  expect((await over(await tick('weekly', 2))).state).toBe('succeeded')
  // The weekly run is newer, and none of its own.
  const held = await tick('daily', 3)
  const [ctx, actor] = await asOwner(database())
  const again = await rerun(ctx, actor, failing, null)
  failing = ''
  expect((await over(again.id)).state).toBe('succeeded')
  expect((await over(held)).state).toBe('succeeded')
})

test('a schedule that is changed keeps its past', async () => {
  let failing = ''
  await work((job) => (job.runId === failing ? fails() : succeeds()))
  const made = await dag('  - {id: chain, command: [x], depends_on_past: true}\n  - {id: free, command: [x]}')
  const tick = (schedule: string, day: number) =>
    made.run({ trigger: 'schedule', schedule, logicalDate: new Date(Date.UTC(2026, 0, day)) })
  failing = await tick('0 6 * * * UTC', 1)
  expect((await over(failing)).state).toBe('failed')
  const held = await tick('0 7 * * * UTC', 2)
  await until(held, 'free', 'succeeded')
  expect(await states(held)).toMatchObject({ chain: 'waiting' })
})
