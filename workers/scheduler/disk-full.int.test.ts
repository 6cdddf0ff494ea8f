/** [R15] The scheduler while a disk is full, and after it. */
import { expect, test } from 'vitest'
import type { FullDisk } from '#server/domain/space.ts'
import { readRun, requireRun } from '#server/services/run/read-run.ts'
import { Disks } from '#server/storage/disks.ts'
import { asOwner } from '../testing/as-owner.ts'
import { scheduling } from '../testing/scheduling.ts'
import { succeeds } from '../testing/scripted-executor.ts'

const { database, work, dag, over, states, until } = scheduling()

const full: FullDisk = { place: 'the data folder', free: 1, least: 2 }

test('nothing new starts, what runs ends, and all goes on once there is room', async () => {
  const disk: { full: FullDisk | null; asked: () => void } = { full: null, asked: () => {} }
  let finish = () => {}
  const held = new Promise<void>((done) => (finish = done))
  const { scheduler } = await work(
    ({ task }) => (task === 'a' ? held : Promise.resolve()).then(() => succeeds()),
    8,
    {
      fullDisk: () => {
        disk.asked()
        return disk.full
      },
    },
  )
  const made = await dag('  - {id: a, command: [x]}\n  - {id: b, needs: [a], command: [x]}')
  const first = await made.run()
  await until(first, 'a', 'running')
  disk.full = full
  const second = await made.run()
  finish()
  await until(first, 'a', 'succeeded')
  await until(first, 'b', 'queued')
  for (let looks = 0; looks < 3; looks++) {
    const looked = new Promise<void>((done) => (disk.asked = done))
    await database().client`select pg_notify('dagbok_work', '')`
    await looked
  }
  expect(await states(first)).toEqual({ a: 'succeeded', b: 'queued' })
  expect(await states(second)).toEqual({ a: 'waiting', b: 'waiting' })

  const [ctx, actor] = await asOwner(database())
  const seen = {
    ...ctx,
    disks: new Disks([{ place: 'the data folder', folder: '/' }], Number.MAX_SAFE_INTEGER),
  }
  const sentence =
    /^The disk of the data folder is full: [\d.]+ [kMG]B are free, and new work starts from .* on\. Make room there, and it goes on by itself\.$/
  const one = await readRun(seen, await requireRun(seen, actor, first, 'run:read'))
  expect(one.taskRuns.find(({ task }) => task === 'b')?.whyNotRunning?.sentence).toMatch(sentence)
  const other = await readRun(seen, await requireRun(seen, actor, second, 'run:read'))
  expect(other.whyNotRunning?.sentence).toMatch(sentence)

  disk.full = null
  expect((await over(first)).state).toBe('succeeded')
  expect((await over(second)).state).toBe('succeeded')
  await scheduler.stop()
})
