/** The start gate when nobody can be asked whether it may open. */
import { readdir, readFile } from 'node:fs/promises'
import os from 'node:os'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { gateMs } from '#server/config/lease.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell } from '../conformance/trial.ts'

const { database } = testDatabase()
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop(database())
})
afterAll(() => shop.close())

/** Processes whose environment names this attempt. */
async function marked(attempt: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const texts = await Promise.all(
    pids.map((pid) => readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')),
  )
  return pids.filter((_, i) => texts[i]?.includes(`DAGBOK_ATTEMPT_ID=${attempt}`))
}

test('[R1] a gate that cannot be asked lets nothing start, and leaves nothing waiting behind it', async () => {
  const asked: string[][] = []
  const { passGate } = shop.sink
  shop.sink.passGate = async () => {
    const [row] = await database().client<{ id: string }[]>`select id from attempt`
    asked.push(await marked(row?.id ?? ''))
    throw new Error('the database is away')
  }
  const tree = await shop.hosted.work('gate', {
    'gate.dag.md': `---\ndagbok: 1\nid: gate\n---\n\n${cell('id: a\ninfrastructure_retries: 0', 'bash', 'echo ran')}`,
  })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('gate'), 'main')
  expect(await shop.ended('gate', 1)).toMatchObject({ state: 'failed' })
  shop.sink.passGate = passGate
  const [row] = await database().client<{ id: string; state: string; reason: string }[]>`
    select id, state, reason from attempt`
  expect(row).toMatchObject({ state: 'lost', reason: 'infrastructure_unknown' })
  // There was one, so that there is none says something.
  expect(asked.map((pids) => pids.length)).toEqual([1])
  expect(await marked(row?.id ?? '')).toEqual([])
})

test('[R17] an answer of the gate that comes too late is none, and nobody says that it was cancelled', async () => {
  const { passGate } = shop.sink
  shop.sink.passGate = async (...asked) => {
    const passed = await passGate(...asked)
    const uptime = os.uptime()
    vi.spyOn(os, 'uptime').mockImplementation(() => uptime + (gateMs + 1) / 1000)
    return passed
  }
  const tree = await shop.hosted.work('late', {
    'late.dag.md': `---\ndagbok: 1\nid: late\n---\n\n${cell('id: a\ninfrastructure_retries: 0', 'bash', 'echo ran')}`,
  })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('late'), 'main')
  const { id } = await shop.ended('late', 1)
  vi.restoreAllMocks()
  shop.sink.passGate = passGate
  const rows = await database().client`select state, reason, message from attempt where run_id = ${id}`
  expect(rows.map((row) => ({ ...row }))).toEqual([
    {
      state: 'lost',
      reason: 'infrastructure_unknown',
      message: 'Its start gate answered too late to be believed.',
    },
  ])
  expect(await shop.log(id, 'a')).toBe('')
})

test('[R1] a task whose starter is killed is ended, also when it hides, and its attempt is lost', async ({
  skip,
}) => {
  skip(process.platform !== 'linux', 'this machine has no /proc')
  const tree = await shop.hosted.work('starter', {
    'starter.dag.md': `---\ndagbok: 1\nid: starter\n---\n\n${cell('id: a\ninfrastructure_retries: 0', 'bash', 'exec env -i sleep 600')}`,
  })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('starter'), 'main')
  const pid = await shop.until(async () => {
    const [row] = await database().client<{ pid: number }[]>`
      select (a.handle->>'pid')::int as pid from attempt a join run r on r.id = a.run_id join dag d on d.id = r.dag_id
      where d.name = 'starter' and a.state = 'running'`
    return row?.pid
  })
  /** One that has ended may wait for whoever has inherited it. */
  const what = async () => {
    const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '')
    return /\((.*)\) [^Z]/.exec(stat)?.[1] ?? 'gone'
  }
  await expect.poll(what, { interval: 5, timeout: 30_000 }).toBe('sleep')
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1')
  process.kill(Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), 'SIGKILL')
  const { id } = await shop.ended('starter', 1)
  const rows = await database().client`select state, reason from attempt where run_id = ${id}`
  expect(rows.map((row) => ({ ...row }))).toEqual([{ state: 'lost', reason: 'infrastructure_unknown' }])
  expect(await what()).toBe('gone')
})
