/** [R12] Two versions of a DAG at once: the limits of each are its own. */
import { expect, test } from 'vitest'
import type { AttemptJob } from '../executors/executor.ts'
import { scheduling } from '../testing/scheduling.ts'
import { succeeds } from '../testing/scripted-executor.ts'

const { work, dag, over, until } = scheduling()

const tasks = (count: number) =>
  Array.from({ length: count }, (_, i) => `  - {id: t${i}, command: [x]}`).join('\n')

test('[R12] [R4] a version without a limit holds nothing of one with a limit back, and does not lift it', async () => {
  let [open, limited, most] = [() => {}, '', 0]
  const active = new Set<AttemptJob>()
  const gate = new Promise<void>((done) => (open = done))
  await work(async (job) => {
    if (job.runId !== limited) {
      await gate
      return succeeds()
    }
    active.add(job)
    most = Math.max(most, active.size)
    await new Promise((done) => setImmediate(done))
    active.delete(job)
    return succeeds()
  }, 20)
  const first = await dag(tasks(6), 'limits: {max_active_tasks: 2}\n')
  const second = await dag(tasks(10), '', first.id)
  const wide = await second.run()
  for (let i = 0; i < 10; i++) await until(wide, `t${i}`, 'running')
  limited = await first.run()
  expect((await over(limited)).state).toBe('succeeded')
  expect(most).toBeLessThanOrEqual(2)
  open()
  expect((await over(wide)).state).toBe('succeeded')
})

test('[R12] runs of one version take no place of another one’s `max_active_runs`, however many wait', async () => {
  let open = () => {}
  const gate = new Promise<void>((done) => (open = done))
  await work((job) => (job.task === 'held' ? gate.then(() => succeeds()) : succeeds()), 8)
  const old = await dag('  - {id: held, command: [x]}', 'limits: {max_active_runs: 1}\n')
  const runs: string[] = []
  for (let i = 0; i < 60; i++) runs.push(await old.run())
  await until(runs[0] ?? '', 'held', 'running')
  const next = await dag('  - {id: free, command: [x]}', 'limits: {max_active_runs: 1}\n', old.id)
  expect((await over(await next.run())).state).toBe('succeeded')
  open()
  expect((await over(runs[0] ?? '')).state).toBe('succeeded')
})
