/** Tasks whose results nobody reckons with: they end, and hold up nobody. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop(database())
})
afterAll(() => shop.close())

const fence = '```'

async function attemptOf(id: string, keys: string, script: string) {
  const task = `${fence}yaml task\nid: odd\n${keys}\n${fence}\n${fence}bash script\n${script}\n${fence}\n`
  const tree = await shop.hosted.work(id, { [`d/${id}.dag.md`]: `---\ndagbok: 1\nid: ${id}\n---\n\n${task}` })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote(id), 'main')
  const run = await shop.ended(id, 1)
  const [attempt] = await database().client<{ id: string; reason: string | null; message: string | null }[]>`
    select id, reason, message from attempt where run_id = ${run.id} order by n desc limit 1`
  return { state: run.state, id: '', reason: null, message: null, ...attempt }
}

test('[R18] an output that is a pipe is none: nobody waits for what is never written into it', async () => {
  // More than the threads that read files.
  const pipes = Array.from({ length: 6 }, (_, i) => `p${i}`)
  const keys = `outputs: {${pipes.map((name) => `${name}: ${name}.csv`).join(', ')}}`
  const { state, reason } = await attemptOf(
    'pipes',
    keys,
    'for i in 0 1 2 3 4 5; do mkfifo "$DAGBOK_OUT/p$i.csv"; done',
  )
  expect([state, reason]).toEqual(['failed', 'missing_output'])
})

test('[R2] twenty thousand small values are kept', async () => {
  const { state, id } = await attemptOf(
    'many',
    'retries: 0',
    'for i in $(seq 20000); do echo "v$i=$i"; done >> "$DAGBOK_VALUES"',
  )
  expect(state).toBe('succeeded')
  const [count] = await database().client`select count(*)::int as n from value where attempt_id = ${id}`
  expect(count).toMatchObject({ n: 20_000 })
})
