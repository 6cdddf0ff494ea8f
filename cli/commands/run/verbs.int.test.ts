/** What people do to runs, from the command line: recover, fork, answer, mark. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { ReusePlan, RunDetail } from '#server/views/run.ts'
import { asking, mendable } from '../../testing/notebooks.ts'
import { signedInCli } from '../../testing/signed-in.ts'

const { product, folder, dagbok, json } = signedInCli('mended', async (copy) => {
  await copy.write('steps/steps.dag.md', mendable('steps'))
  await copy.write('ask/ask.dag.md', asking('ask'))
  await copy.push('First')
  await copy.write('steps/steps.dag.md', mendable('steps', 'echo all of it, again'))
  await copy.push('Second')
})

/** Which task runs of a run had attempts of its own. */
const ranIn = (run: RunDetail) =>
  run.taskRuns
    .filter((one) => one.attempts.length > 0)
    .map(({ task, key }) => (key === null ? task : `${task}[${key}]`))

test('a recover tells before what it would run, and runs what failed with what comes after it', async () => {
  const mended = join(folder(), 'mended')
  const failed = await json<RunDetail>([
    'run',
    'start',
    'mended/steps@v1',
    '-p',
    `mended=${mended}`,
    '--watch',
  ])
  expect(failed.state).toBe('failed')
  await writeFile(mended, '')

  const dry = await dagbok(['run', 'recover', 'mended/steps#1', '--dry-run'])
  expect(dry.stdout).toMatch(/^2 of 5 task runs would run, 3 would be taken over\./)
  expect(dry.stdout).toMatch(/each \(b\) +runs +It was failed in the earlier run\./)
  expect(await json<ReusePlan>(['run', 'recover', 'mended/steps#1', '--dry-run'])).toHaveLength(5)
  const again = await json<RunDetail>(['run', 'recover', 'mended/steps#1', '--watch'])
  expect(again).toMatchObject({ state: 'succeeded', parent: { number: 1, verb: 'recover' } })
  expect(ranIn(again)).toEqual(['each[b]', 'last'])

  const item = await json<RunDetail>(['run', 'recover', 'mended/steps#2', '--item', 'each[c]', '--watch'])
  expect(ranIn(item)).toEqual(['each[c]', 'last'])
  const from = await json<RunDetail>(['run', 'recover', 'mended/steps#2', '--from', 'each', '--watch'])
  expect(ranIn(from)).toEqual(['each[a]', 'each[b]', 'each[c]', 'last'])
})

test('a recover that cannot be made is one sentence', async () => {
  expect(await dagbok(['run', 'recover', 'mended/steps#2'])).toMatchObject({
    code: 1,
    stderr: 'dagbok: Everything in run 2 succeeded: name a task to run again, or rerun it.\n',
  })
  expect((await dagbok(['run', 'recover', 'mended/steps#2', '--item', 'each[z]'])).stderr).toBe(
    'dagbok: Run 2 has no task run each (z).\n',
  )
  expect(await dagbok(['run', 'recover', 'mended/steps#2', '--item', 'each'])).toMatchObject({ code: 2 })
  const both = await dagbok(['run', 'recover', 'mended/steps#2', '--item', 'each[a]', '--from', 'each'])
  expect(both).toMatchObject({ code: 2 })
  expect(both.stderr).toContain('cannot be used with')
})

test('a fork tells what is taken over and why, and runs only what differs', async () => {
  const dry = await dagbok(['run', 'fork', 'mended/steps#2', '--version', 'v2', '--dry-run'])
  expect(dry.stdout).toMatch(/^1 of 5 task runs would run, 4 would be taken over\./)
  expect(dry.stdout).toMatch(/last +runs +It changed: script\./)
  const made = await json<RunDetail>(['run', 'fork', 'mended/steps#2', '--version', 'v2', '--watch'])
  expect(made).toMatchObject({ version: { number: 2 }, parent: { number: 2, verb: 'fork' } })
  expect(ranIn(made)).toEqual(['last'])

  // Without a version it is the run's own, and not that of the branch.
  const plan = await json<ReusePlan>(['run', 'fork', 'mended/steps#2', '-p', 'size=7', '--dry-run'])
  expect(plan.find((one) => one.task === 'first')).toMatchObject({
    reused: false,
    why: 'The params changed: size.',
  })
  const sized = await json<RunDetail>(['run', 'fork', 'mended/steps#2', '-p', 'size=7', '--watch'])
  expect(sized).toMatchObject({ version: { number: 1 }, params: { size: 7 } })

  const nothing = await dagbok(['run', 'fork', 'mended/steps#2'])
  expect(nothing).toMatchObject({ code: 2 })
  expect(nothing.stderr).toContain('Say what differs')
  expect((await dagbok(['run', 'fork', 'mended/steps#2', '-p', 'size=big'])).stderr).toContain(
    "'size' must be integer",
  )
})

test('a task that waits for a person is answered with its form, once', async () => {
  const { id } = await json<{ id: string }>(['run', 'start', 'mended/ask'])
  const answered = (args: string[]) => dagbok(['run', 'answer', id, 'ask', ...args])
  await expect
    .poll(async () => (await product().api<RunDetail>(`/runs/${id}`)).taskRuns[0]?.state, { timeout: 60_000 })
    .toBe('awaiting_input')
  expect(await answered([])).toMatchObject({ code: 2, stderr: 'dagbok: Say --approve or --reject.\n' })
  expect((await answered(['--approve'])).stderr).toContain("'where' is missing")
  expect((await answered(['--approve', '-f', 'where=mars'])).stderr).toContain('"eu", "us"')
  expect((await dagbok(['run', 'answer', id, 'ship', '--approve'])).stderr).toBe(
    "dagbok: 'ship' is not a task that a person answers: run 1 has ask.\n",
  )
  const done = await answered(['--approve', '-f', 'where=eu', '-f', 'copies=3', '--comment', 'good'])
  expect(done.stdout).toMatch(/^Approved ask: http/)
  const run = await json<RunDetail>(['run', 'watch', id])
  expect(run.taskRuns[0]?.answer).toMatchObject({ yes: true, comment: 'good', values: { copies: 3 } })
  expect((await dagbok(['run', 'view', id, '--log'])).stdout).toContain('eu 3')
  expect((await dagbok(['run', 'view', id])).stdout).toMatch(
    /^ask was answered with yes by Owner .*: good: .*copies=3/m,
  )
  expect((await answered(['--reject'])).stderr).toBe('dagbok: ask is succeeded: it waits for no answer.\n')

  const second = await json<{ id: string }>(['run', 'start', 'mended/ask'])
  await expect
    .poll(async () => (await product().api<RunDetail>(`/runs/${second.id}`)).taskRuns[0]?.state, {
      timeout: 60_000,
    })
    .toBe('awaiting_input')
  expect((await dagbok(['run', 'answer', second.id, 'ask', '--reject'])).code).toBe(0)
  expect(await json<RunDetail>(['run', 'watch', second.id])).toMatchObject({ state: 'failed' })
})

test('a mark needs a reason; of what has ended it is a note that a recover believes', async () => {
  const gone = join(folder(), 'nowhere')
  const run = await json<RunDetail>(['run', 'start', 'mended/steps@v1', '-p', `mended=${gone}`, '--watch'])
  const name = `mended/steps#${run.number}`
  const mark = (...args: string[]) => dagbok(['run', 'mark', name, 'each[b]', ...args])
  expect(await mark('succeeded')).toMatchObject({ code: 2 })
  expect((await mark('done', '--reason', 'x')).stderr).toContain('Allowed choices are succeeded, failed')
  expect((await mark('succeeded', '--reason', ' ')).stderr).toBe('dagbok: Say why: a mark needs a reason.\n')
  expect((await mark('succeeded', '--reason', 'mended by hand')).stdout).toMatch(/^Noted that each \(b\)/)
  expect((await dagbok(['audit'])).stdout).toMatch(/run\.mark .*mended by hand/)
  expect((await product().api<RunDetail>(`/runs/${run.id}`)).marks).toMatchObject([
    { task: 'each', key: 'b', as: 'succeeded', reason: 'mended by hand', outcome: 'noted' },
  ])
  expect((await dagbok(['run', 'view', name])).stdout).toMatch(
    /^each \(b\) was marked as succeeded by Owner .*, after its end: mended by hand$/m,
  )
  const again = await json<RunDetail>(['run', 'recover', name, '--watch'])
  expect(again.state).toBe('succeeded')
  expect(ranIn(again)).toEqual(['last'])
})
