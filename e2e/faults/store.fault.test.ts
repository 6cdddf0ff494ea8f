/**
 * The artifact store while outputs are written to it (R13): its disk turns read-only or full, and workers are killed in the
 * midst of a file, between the files and the manifest, and before the end is recorded. What is shown is whole; what is not
 * whole is not shown; what an earlier life left is swept.
 */
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { watch } from 'node:fs'
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { trials } from '#server/config/trials.ts'
import { whyNoSmallDisk } from '#server/testing/small-disk.ts'
import { openSite, type Site } from './fleet-site.ts'
import { attemptRows, judgeAttempts, judgeRuns, openRuns } from './history.ts'
import { randomFrom } from './random.ts'
import { endThem } from './survivors.ts'
import { insist, pause, until } from './until.ts'

const reason = await whyNoSmallDisk()
/** ms: far longer than a worker on a slow machine lets its lease wait. */
const longLease = 30_000
const busy = 4

const task = (head: string, retries: number, script: string) =>
  `\`\`\`yaml task\n${head}\ninfrastructure_retries: ${retries}\n\`\`\`\n\`\`\`bash script\nset -e\necho "$DAGBOK_ATTEMPT_ID $(date +%s%N)" >> "$DAGBOK_PARAM_LEDGER"\n${script}\n\`\`\`\n`
/** Two outputs that belong together, and a reader that would see a hole. */
const notebook = (retries: number) => `---
dagbok: 1
id: fleet
params:
  ledger: {type: string}
---

${task('id: write\noutputs: {big: big.bin, sum: sum.txt}', retries, 'cd "$DAGBOK_OUT"\nhead -c 4000000 /dev/urandom > big.bin\nsha256sum < big.bin > sum.txt')}
${task('id: read\nneeds: [write]\ninputs: {big: "${{ tasks.write.outputs.big }}", sum: "${{ tasks.write.outputs.sum }}"}', retries, 'sha256sum < "$DAGBOK_IN_BIG" | cmp - "$DAGBOK_IN_SUM"')}
`

let site: Site | null = null
afterEach(async () => {
  await site?.close()
  site = null
})

const artifactsOf = ({ folder }: Site) => join(folder, 'data', 'artifacts')

const mounted = (here: Site, how: 'ro' | 'rw') =>
  promisify(execFile)('mount', ['-o', `remount,${how}`, here.disks.data?.folder ?? ''])

/** Files that are being written, or were when whoever wrote them was killed. */
async function incoming(here: Site): Promise<string[]> {
  const root = join(artifactsOf(here), 'incoming')
  const writers = await readdir(root).catch(() => [])
  const files = await Promise.all(writers.map((writer) => readdir(join(root, writer)).catch(() => [])))
  return files.flat()
}

/** What is wrong with what is shown: an output is there whole, and an attempt that succeeded has all of them. */
async function judgeOutputs(here: Site): Promise<string[]> {
  const outputs = await here.db.client<{ name: string; hash: string; size: string; state: string }[]>`
    select o.name, o.hash, o.size::text, a.state::text from output o join attempt a on a.id = o.attempt_id`
  const faults: string[] = []
  for (const { name, hash, size, state } of outputs) {
    const path = join(artifactsOf(here), 'blobs', hash.slice(0, 2), hash)
    const bytes = await readFile(path).catch(() => null)
    if (bytes === null) faults.push(`output ${name} is shown, and is not there (R13)`)
    else if (bytes.byteLength !== Number(size) || createHash('sha256').update(bytes).digest('hex') !== hash)
      faults.push(`output ${name} is shown, and is not whole (R13)`)
    if (state !== 'succeeded') faults.push(`output ${name} is shown of an attempt that ${state} (R13)`)
  }
  const bare = await here.db.client<{ n: number }[]>`
    select (select count(*) from output o where o.attempt_id = a.id)::int as n
    from attempt a join task_run t on t.id = a.task_run_id where a.state = 'succeeded' and t.task = 'write'`
  const fewer = bare.filter(({ n }) => n !== 2).length
  return fewer === 0 ? faults : [...faults, `${fewer} attempts succeeded without all of their outputs (R13)`]
}

/** Why attempts did not succeed. */
const reasons = async ({ db }: Site) =>
  (
    await db.client<{ reason: string }[]>`
    select distinct coalesce(reason::text, state::text) as reason from attempt where state in ('failed', 'lost')`
  ).map((row) => row.reason)

interface Trial {
  here: Site
  /** Runs that were told to be made. */
  acknowledged: string[]
  next: (below: number) => number
}

async function feed({ here, acknowledged }: Trial): Promise<void> {
  for (let n = await openRuns(here.db.client); n < busy; n++) acknowledged.push(await insist(here.start))
}

const startAll = ({ fleet }: Site) => {
  for (const worker of fleet) if (worker.dead) worker.start()
}

/** Kills all as soon as a file begins, until one of them was not whole. */
async function killInTheMidst(trial: Trial): Promise<void> {
  const { here } = trial
  const folder = join(artifactsOf(here), 'incoming')
  await mkdir(folder, { recursive: true })
  for (let tries = 0; (await incoming(here)).length === 0; tries++) {
    if (tries === 50) throw new Error('no kill hit a file that was being written')
    await feed(trial)
    startAll(here)
    const begun = new AbortController()
    const watcher = watch(folder, { recursive: true }, () => begun.abort())
    await pause(10_000, null, { signal: begun.signal }).catch(() => {})
    // Files are quick to write: what kills it must not wait for anything.
    for (const { pid } of here.fleet) if (pid !== undefined) endThem([{ pid }])
    watcher.close()
    for (const worker of here.fleet) await until('it is killed', () => worker.dead)
  }
}

const strikes: Record<string, (trial: Trial) => Promise<void>> = {
  'killed in the midst of a file': killInTheMidst,
  'killed between files and manifest': async (trial) => {
    const { here, next } = trial
    const worker = here.fleet[next(here.fleet.length)]
    await worker?.kill()
    worker?.start(['output.publish.after-effect-before-record@write=kill'])
    await until('it is killed', async () => {
      await feed(trial)
      return worker?.dead === true
    })
  },
  'read-only': async ({ here, next }) => {
    // A disk that somebody writes to cannot be turned.
    for (const worker of here.fleet) await worker.kill()
    await mounted(here, 'ro')
    startAll(here)
    await pause(1500 + next(1500))
    await mounted(here, 'rw')
  },
  full: async ({ here, next }) => {
    await here.disks.data?.keepFull(300 + next(1000))
    await here.disks.data?.release()
  },
}

test('[R13] whatever becomes of the store and of whoever writes to it, what is shown is whole', async ({
  skip,
}) => {
  skip(reason !== null, reason ?? '')
  const { count, seed } = trials(24)
  site = await openSite({ notebook: notebook(100), workers: 2, leaseMs: longLease, small: { data: 600 } })
  const here = site
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
  // What the last lives left is swept by the next.
  for (const worker of here.fleet) {
    await worker.kill()
    worker.start()
    await worker.ready
  }
  const rows = await attemptRows(here.db)
  const ends = await reasons(here)
  console.log(
    `${count} faults of the store from seed ${seed}: ${acknowledged.length} runs, ${rows.length} attempts, ${ends.join(', ')}`,
  )
  expect([
    ...judgeAttempts(rows, await here.starts(), 0),
    ...(await judgeRuns(here.db, acknowledged)),
    ...(await judgeOutputs(here)),
    ...(await incoming(here)).map((file) => `${file} was left behind`),
    ...here.fleet.flatMap(({ fell }) => fell),
  ]).toEqual([])
  expect(ends.toSorted()).toEqual(['storage', 'worker_lost'])
})

/** One run while the store cannot be written, to its end. */
async function whileReadOnly(mutant: string | null): Promise<Site> {
  const here = await openSite({ notebook: notebook(1), workers: 1, leaseMs: longLease, small: { data: 200 } })
  site = here
  const [worker] = here.fleet
  if (worker !== undefined) worker.mutant = mutant
  await mounted(here, 'ro')
  worker?.start()
  await here.start()
  await until('the run has ended', async () => (await openRuns(here.db.client)) === 0)
  await mounted(here, 'rw')
  return here
}

test('[R13] a store that takes nothing: it is tried again, and then the task has failed for it', async ({
  skip,
}) => {
  skip(reason !== null, reason ?? '')
  const here = await whileReadOnly(null)
  const tasks = await here.db.client<
    { state: string; reason: string | null; message: string; attempts: number }[]
  >`
    select t.state::text, t.reason::text, t.message, t.attempts from task_run t where t.task = 'write'`
  expect(tasks).toEqual([
    {
      state: 'failed',
      reason: 'storage',
      message: expect.stringMatching(
        /^The artifact store did not take the bytes: it cannot be written \(E[A-Z]+\)\.$/,
      ) as string,
      attempts: 2,
    },
  ])
  expect(await judgeOutputs(here)).toEqual([])
})

test('mutant: a worker that takes a fault of the store for success is caught', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  const here = await whileReadOnly('a fault of the store is no fault')
  expect((await judgeOutputs(here)).join()).toContain('is shown, and is not there (R13)')
})

test('mutant: a worker that does not sweep what an earlier life was writing is caught', async ({ skip }) => {
  skip(reason !== null, reason ?? '')
  site = await openSite({ notebook: notebook(100), workers: 1, leaseMs: longLease, small: { data: 200 } })
  const here = site
  for (const worker of here.fleet) {
    worker.mutant = 'what an earlier life was writing is left lying'
  }
  await killInTheMidst({ here, acknowledged: [], next: randomFrom(1) })
  for (const worker of here.fleet) {
    worker.start()
    await worker.ready
  }
  await until('all runs have ended', async () => (await openRuns(here.db.client)) === 0)
  expect(await incoming(here)).not.toEqual([])
})
