/** Recover, Fork, answers and marks, through the services and the real scheduler. */
import { expect, test } from 'vitest'
import { forkRun, previewFork } from '#server/services/run/fork-run.ts'
import { answerTask, markTaskRun } from '#server/services/run/intervene.ts'
import { readRun, requireRun } from '#server/services/run/read-run.ts'
import { recoverRun } from '#server/services/run/recover-run.ts'
import type { AttemptEnd, AttemptJob } from '../executors/executor.ts'
import { asOwner } from '../testing/as-owner.ts'
import { scheduling } from '../testing/scheduling.ts'
import { attemptEnd } from '../executors/executor.ts'
import { fails, succeeds } from '../testing/scripted-executor.ts'

const { database, work, dag, start, over, states, until } = scheduling()

const value = (n: number): AttemptEnd => succeeds({ values: [{ name: 'n', value: n, declared: false }] })
const commandOf = (job: AttemptJob | undefined) => (job?.action.kind === 'command' ? job.action.command : [])

test('a recover runs what failed, one item of it, and reads what the others gave before', async () => {
  let broken = true
  const { executor } = await work((job) =>
    job.key === '2' && broken ? fails() : value(Number(job.env['DAGBOK_INDEX'] ?? 9)),
  )
  const id = await start(
    `  - {id: a, command: [x]}
  - {id: m, needs: [a], map: "\${{ [1, 2, 3] }}", command: [x, "\${{ tasks.a.values.n }}"]}
  - {id: z, needs: [m], command: [z, "\${{ tasks.m.values.n }}"]}`,
  )
  expect((await over(id)).state).toBe('failed')
  broken = false
  const [ctx, actor] = await asOwner(database())
  const before = executor.started.length
  const again = await recoverRun(ctx, actor, id, { task: null, key: null })
  expect((await over(again.id)).state).toBe('succeeded')
  const ran = executor.started.slice(before)
  expect(ran.map((job) => `${job.task} ${job.key}`)).toEqual(['m 2', 'z null'])
  expect(commandOf(ran[0])).toEqual(['x', '9'])
  expect(commandOf(ran[1])).toEqual(['z', '[0,1,2]'])
  const shown = await readRun(ctx, await requireRun(ctx, actor, again.id, 'run:read'))
  expect(shown.parent).toMatchObject({ id, verb: 'recover' })
  expect(shown.taskRuns.map((one) => [one.task, one.key, one.reusedFrom])).toEqual([
    ['a', null, 1],
    ['m', '1', 1],
    ['m', '2', null],
    ['m', '3', 1],
    ['z', null, null],
  ])

  // Of what was taken over once, the results are still those of the first run.
  const third = await recoverRun(ctx, actor, again.id, { task: 'z', key: null })
  expect((await over(third.id)).state).toBe('succeeded')
  expect(commandOf(executor.started.at(-1))).toEqual(['z', '[0,1,2]'])
  await expect(recoverRun(ctx, actor, third.id, { task: null, key: null })).rejects.toThrow(
    'Everything in run 3',
  )
  await expect(recoverRun(ctx, actor, id, { task: 'm', key: '7' })).rejects.toThrow('no task run m (7)')
})

test('a fork runs what changed and what comes after it, and says why', async () => {
  const { executor } = await work(() => value(1))
  const tasks = (b: string, more = '') =>
    `  - {id: a, command: [x]}\n  - {id: b, needs: [a], command: [${b}]${more}}\n  - {id: c, needs: [b], command: [x]}\n  - {id: d, needs: [a], command: [x]}`
  const params = 'params: {rows: {type: integer, default: 1}}\n'
  const first = await dag(tasks('x'), params)
  const id = await first.run({ params: { rows: 1 } })
  await over(id)
  await dag(tasks('y'), params, first.id)
  await dag(tasks('x', ', retries: 3'), params, first.id)
  const [ctx, actor] = await asOwner(database())
  const before = executor.started.length
  const forked = await forkRun(ctx, actor, id, { version: 'v2', params: {} })
  expect((await over(forked.id)).state).toBe('succeeded')
  expect(executor.started.slice(before).map((job) => job.task)).toEqual(['b', 'c'])

  const why = async (version: string, given = {}) =>
    Object.fromEntries(
      (await previewFork(ctx, actor, id, { version, params: given })).map((item) => [
        item.task,
        item.reuse === null ? item.why : 'reused',
      ]),
    )
  expect(await why('v2')).toMatchObject({
    a: 'reused',
    b: 'It changed: command.',
    c: "'b' runs again.",
    d: 'reused',
  })
  expect(await why('v3')).toEqual({ a: 'reused', b: 'reused', c: 'reused', d: 'reused' })
  expect(await why('v1', { rows: 2 })).toMatchObject({ a: 'The params changed: rows.' })
  await expect(previewFork(ctx, actor, id, { version: 'v1', params: { rows: 'x' } })).rejects.toThrow(
    "'rows'",
  )
})

test('an answer becomes values; it must fit the form, and the first one has it', async () => {
  const { executor } = await work(() => succeeds())
  const id = await start(
    `  - {id: ask, approve: {message: "Ship it?", form: {where: {type: string, enum: [eu, us]}}}}
  - {id: ship, needs: [ask], command: [ship, "\${{ tasks.ask.values.where }}"]}`,
  )
  const ref = { runId: id, task: 'ask', key: null }
  const [ctx, actor] = await asOwner(database())
  await until(id, 'ask', 'awaiting_input')
  const answer = (where: string) =>
    answerTask(ctx, actor, ref, { yes: true, comment: null, values: { where } })
  await expect(answer('mars')).rejects.toThrow("'where'")
  await answer('eu')
  await expect(answer('us')).rejects.toThrow('ask')
  expect((await over(id)).state).toBe('succeeded')
  expect(commandOf(executor.started[0])).toEqual(['ship', 'eu'])
  await expect(answer('us')).rejects.toThrow('waits for no answer')
})

test('a mark moves what has not ended, and is a note on what has, which a recover believes', async () => {
  const { executor } = await work((job) => (job.task === 'a' ? fails() : succeeds()))
  const id = await start(
    '  - {id: w, wait: 1d}\n  - {id: a, command: [x]}\n  - {id: b, needs: [a, w], command: [x]}',
  )
  const [ctx, actor] = await asOwner(database())
  const mark = (task: string, reason: string) =>
    markTaskRun(ctx, actor, { runId: id, task, key: null }, { as: 'succeeded', reason })
  await until(id, 'a', 'failed')
  await expect(mark('w', ' ')).rejects.toThrow('Say why')
  expect(await mark('w', 'it is late')).toEqual({ noted: false })
  expect((await over(id)).state).toBe('failed')
  expect(await mark('a', 'done by hand')).toEqual({ noted: true })
  expect(await states(id)).toEqual({ a: 'failed', b: 'upstream_failed', w: 'succeeded' })
  const again = await recoverRun(ctx, actor, id, { task: null, key: null })
  expect((await over(again.id)).state).toBe('succeeded')
  expect(executor.started.map((job) => job.task)).toEqual(['a', 'b'])
})

test('who looks at an attempt hears of its end, also when its task was marked before', async () => {
  const { promise: held, resolve: end } = Promise.withResolvers<void>()
  const { promise: marked, resolve: endA } = Promise.withResolvers<void>()
  await work(async (job, cancelled) => {
    if (job.task === 'hold') await held
    else await Promise.all([cancelled, marked])
    return job.task === 'a' ? attemptEnd('cancelled', 'cancel_requested', null) : succeeds()
  })
  const id = await start('  - {id: a, command: [x]}\n  - {id: hold, command: [x]}')
  await until(id, 'a', 'running')
  await until(id, 'hold', 'running')
  const { promise: told, resolve: tell } = Promise.withResolvers<void>()
  const ended = async () => {
    const rows = await database().client`select 1 from attempt where run_id = ${id} and ended_at is not null`
    if (rows.length > 0) tell()
    // The mark has been told of; now the attempt may end.
    else endA()
  }
  const subscription = await database().client.listen('dagbok_live', (topic) => {
    if (topic === `run:${id}`) void ended()
  })
  const [ctx, actor] = await asOwner(database())
  await markTaskRun(ctx, actor, { runId: id, task: 'a', key: null }, { as: 'succeeded', reason: 'it is' })
  await told
  await subscription.unlisten()
  end()
  expect((await over(id)).state).toBe('succeeded')
})

const strict = 'limits: {strategy: strict_sequential}\n'

test('strict_sequential: a recover goes before what waits behind the failure, and lets it go on', async () => {
  let broken = true
  await work(() => (broken ? fails() : succeeds()))
  const { run } = await dag('  - {id: a, command: [a]}', strict)
  const first = await run()
  expect((await over(first)).state).toBe('failed')
  const second = await run()
  const [ctx, actor] = await asOwner(database())
  // The first recover fails as well: then that one is recovered.
  const third = await recoverRun(ctx, actor, first, { task: null, key: null })
  expect((await over(third.id)).state).toBe('failed')
  broken = false
  const fourth = await recoverRun(ctx, actor, third.id, { task: null, key: null })
  expect((await over(fourth.id)).state).toBe('succeeded')
  expect((await over(second)).state).toBe('succeeded')
})

test('strict_sequential: a failure that was marked holds up nothing any more', async () => {
  let broken = true
  await work(() => (broken ? fails() : succeeds()))
  const { run } = await dag('  - {id: a, command: [a]}\n  - {id: b, needs: [a], command: [b]}', strict)
  const first = await run()
  expect((await over(first)).state).toBe('failed')
  broken = false
  const second = await run()
  const [ctx, actor] = await asOwner(database())
  const ref = { runId: first, task: 'a', key: null }
  expect(await markTaskRun(ctx, actor, ref, { as: 'succeeded', reason: 'It was done by hand.' })).toEqual({
    noted: true,
  })
  expect((await over(second)).state).toBe('succeeded')
})
