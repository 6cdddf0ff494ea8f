/**
 * The product with its outputs and logs in a bucket, while S3 fails, is slow, is away, and workers are killed in the midst of
 * an upload (R13, R8): what is shown is whole, what is not whole is not shown, nothing succeeds in silence, and what an earlier
 * life left is swept.
 */
import { afterEach, expect, test } from 'vitest'
import { logChunks } from '#db/queries/log.ts'
import { trials } from '#server/config/trials.ts'
import { readLines } from '#server/storage/logs/log-reader.ts'
import type { S3Mishap, S3Proxy } from '#server/testing/s3-proxy.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { Closers } from './closers.ts'
import type { Site } from './fleet-site.ts'
import { attemptRows, judgeAttempts, judgeRuns, openRuns } from './history.ts'
import { randomFrom } from './random.ts'
import { incoming, judgeOutputs, openGround, writesAndReads, type Ground } from './s3-ground.ts'
import { insist, pause, until } from './until.ts'

const reason = await whyNoS3()
const busy = 3
let closers = new Closers()
afterEach(async () => {
  await closers.close()
  closers = new Closers()
})

const reasons = async ({ db }: Site) =>
  (
    await db.client<{ reason: string }[]>`
    select distinct coalesce(reason::text, state::text) as reason from attempt where state in ('failed', 'lost')`
  ).map((row) => row.reason)

interface Trial {
  here: Ground
  acknowledged: string[]
  next: (below: number) => number
}

async function feed({ here, acknowledged }: Trial): Promise<void> {
  for (let n = await openRuns(here.db.client); n < busy; n++) acknowledged.push(await insist(here.start))
}

const startAll = ({ fleet }: Site) => {
  for (const worker of fleet) if (worker.dead) worker.start()
}

const answers: S3Mishap[] = [
  { kind: 'refused', status: 500, code: 'InternalError' },
  { kind: 'refused', status: 503, code: 'SlowDown' },
  { kind: 'refused', status: 403, code: 'RequestTimeTooSkewed' },
  { kind: 'reset', of: 'request', after: 100_000 },
  { kind: 'reset', of: 'answer', after: 100 },
  { kind: 'truncated', after: 1000 },
  { kind: 'lost' },
  { kind: 'slow', bytes: 20_000, ms: 5 },
  { kind: 'changed', of: 'request' },
]

/** Until something is asked of the store that the test looks for. */
async function asked(trial: Trial, what: (path: string, method: string) => boolean): Promise<void> {
  const { proxy } = trial.here
  let seen = false
  const before = proxy.mishap
  proxy.mishap = (request) => {
    seen ||= what(request.path, request.method)
    return before(request)
  }
  await until('it is asked of the store', async () => {
    await feed(trial)
    startAll(trial.here)
    return seen
  })
  proxy.mishap = before
}

const isPart = (path: string, method: string) => method === 'PUT' && path.includes('partNumber=')
const isCopy = (path: string, method: string) => method === 'PUT' && path.includes('x-id=CopyObject')

const strikes: Record<string, (trial: Trial) => Promise<void>> = {
  'a request in three goes wrong': async (trial) => {
    const { here, next } = trial
    here.proxy.mishap = () => answers[next(answers.length * 3)] ?? null
    await asked(trial, isPart)
    await pause(1000 + next(2000))
    here.proxy.mishap = () => null
  },
  'a worker is killed in the midst of a part': async (trial) => {
    await asked(trial, isPart)
    for (const worker of trial.here.fleet) await worker.kill()
  },
  'a worker is killed before the copy': async (trial) => {
    await asked(trial, isCopy)
    for (const worker of trial.here.fleet) await worker.kill()
  },
  'the store is killed in the midst of a part': async (trial) => {
    await asked(trial, isPart)
    await trial.here.server.kill()
    await pause(500 + trial.next(2000))
    await trial.here.server.start()
  },
  'the store is away for longer than it is waited for': async (trial) => {
    const { here } = trial
    await asked(trial, isPart)
    here.proxy.mishap = () => ({ kind: 'refused', status: 503, code: 'SlowDown' })
    await until('a task has failed for it', async () => (await reasons(here)).includes('storage'))
    here.proxy.mishap = () => null
  },
}

test('[R13] whatever becomes of S3 and of whoever writes to it, what is shown is whole', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  const { count, seed } = trials(15)
  const here = await openGround(closers, { notebook: writesAndReads(100), workers: 2 })
  const acknowledged: string[] = []
  const kinds = Object.values(strikes)
  for (let i = 0; i < count; i++) {
    const trial = { here, acknowledged, next: randomFrom(seed + i) }
    startAll(here)
    await feed(trial)
    await kinds[i % kinds.length]?.(trial)
  }
  startAll(here)
  await until('all runs have ended', async () => (await openRuns(here.db.client)) === 0)
  for (const worker of here.fleet) {
    await worker.kill()
    worker.start()
    await worker.ready
  }
  const rows = await attemptRows(here.db)
  const ends = await reasons(here)
  console.log(
    `${count} faults of S3 from seed ${seed}: ${acknowledged.length} runs, ${rows.length} attempts, ${ends.join(', ')}`,
  )
  expect([
    ...judgeAttempts(rows, await here.starts(), 0),
    ...(await judgeRuns(here.db, acknowledged)),
    ...(await judgeOutputs(here)),
    ...(await incoming(here)).map((file) => `${file} was left behind`),
    ...here.fleet.flatMap(({ fell }) => fell),
  ]).toEqual([])
  expect(ends).toContain('storage')
})

/** One run, to its end, of which the store's part goes wrong. */
async function oneRun(mutant: string | null, mishap: S3Proxy['mishap'], retries = 1): Promise<Ground> {
  const here = await openGround(closers, { notebook: writesAndReads(retries), workers: 1 })
  const [worker] = here.fleet
  if (worker !== undefined) worker.mutant = mutant
  worker?.start()
  await worker?.ready
  here.proxy.mishap = mishap
  await here.start()
  await until('the run has ended', async () => (await openRuns(here.db.client)) === 0)
  here.proxy.mishap = () => null
  return here
}

const noParts: S3Proxy['mishap'] = ({ path, method }) =>
  isPart(path, method) ? { kind: 'refused', status: 503, code: 'SlowDown' } : null

const endOf = async (here: Ground, name: string) =>
  here.db.client<{ state: string; reason: string | null; message: string | null; attempts: number }[]>`
    select t.state::text, t.reason::text, t.message, t.attempts from task_run t where t.task = ${name}`

test('[R13] a store that takes nothing: it is tried again, and then the task has failed for it', async ({
  skip,
}) => {
  skip(reason !== null, reason ?? '')
  const here = await oneRun(null, noParts)
  expect(await endOf(here, 'write')).toEqual([
    {
      state: 'failed',
      reason: 'storage',
      message: 'The artifact store s3://dagbok-test/fleet answers with 503 SlowDown.',
      attempts: 2,
    },
  ])
  expect(await judgeOutputs(here)).toEqual([])
  expect(await incoming(here)).toEqual([])
})

test('[R13] an input whose bytes changed on their way is not taken for it', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  const here = await oneRun(null, changedOnce())
  expect(await endOf(here, 'read')).toMatchObject([{ state: 'succeeded', attempts: 2 }])
})

/** The first bytes of a large output change on their way to its reader, once. */
function changedOnce(): S3Proxy['mishap'] {
  let left = 1
  return ({ method, path }) => {
    if (method !== 'GET' || !path.includes('x-id=GetObject') || left-- !== 1) return null
    return { kind: 'changed', of: 'answer' }
  }
}

const speaks = `---
dagbok: 1
id: fleet
params:
  ledger: {type: string}
---

\`\`\`yaml task
id: speak
infrastructure_retries: 0
\`\`\`
\`\`\`bash script
for i in $(seq 1 500); do echo "line $i"; sleep 0.05; done
\`\`\`
`

test('[R8] a log in a bucket is read while its task runs, and has every line after the store was away', async ({
  skip,
}) => {
  skip(reason !== null, reason ?? '')
  const here = await openGround(closers, { notebook: speaks, workers: 1, storeMs: 40_000 })
  here.fleet[0]?.start()
  await here.start()
  const shown = async () => {
    const [attempt] = await here.db.client<
      { id: string; state: string }[]
    >`select id, state::text from attempt`
    if (attempt === undefined) return { state: 'none', lines: [] }
    const { lines } = await readLines(here.store, await logChunks(here.db, attempt.id), 0, 1000)
    return { state: attempt.state, lines: lines.filter((line) => line.startsWith('line ')) }
  }
  const early = await until('it is read', async () => {
    const { state, lines } = await shown()
    return lines.length >= 20 ? { state, lines } : null
  })
  expect(early.state).toBe('running')
  here.proxy.mishap = () => ({ kind: 'refused', status: 503, code: 'SlowDown' })
  const before = (await shown()).lines.length
  // For longer than a log waits for a disk.
  await pause(12_000)
  here.proxy.mishap = () => null
  await until('it goes on', async () => (await shown()).lines.length > before)
  await until('the run has ended', async () => (await openRuns(here.db.client)) === 0)
  expect(await endOf(here, 'speak')).toMatchObject([{ state: 'succeeded', attempts: 1 }])
  expect((await shown()).lines).toEqual(Array.from({ length: 500 }, (_, i) => `line ${i + 1}`))
})

test('mutant: a worker that takes a fault of the store for success is caught', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  const here = await oneRun('a fault of the store is no fault', noParts)
  expect((await judgeOutputs(here)).join()).toContain('is shown, and is not there (R13)')
})

test('mutant: a store that is asked once fails a task for a fault that passes', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  let left = 1
  const once: S3Proxy['mishap'] = ({ path, method }) =>
    isPart(path, method) && left-- === 1 ? { kind: 'refused', status: 503, code: 'SlowDown' } : null
  const here = await oneRun('a call of the store is made once', once, 0)
  expect(await endOf(here, 'write')).toMatchObject([{ state: 'failed', reason: 'storage' }])
})

test('mutant: bytes that are not compared with their hash reach a task', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  const here = await oneRun('what is read of the store is not compared with its hash', changedOnce())
  expect(await endOf(here, 'read')).toMatchObject([{ state: 'failed', reason: 'user_error' }])
})

test('mutant: an upload that failed is left lying', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  const here = await oneRun('an upload that failed is not given up', noParts)
  expect(await incoming(here)).not.toEqual([])
})
