/**
 * Disks that fill up while runs come in (R15): that of the data folder, of the attempts, of Postgres, each a small tmpfs.
 * Sometimes down to less than must be free, sometimes to the last byte at one instant.
 */
import { randomBytes } from 'node:crypto'
import { afterEach, expect, test } from 'vitest'
import { trials } from '#server/config/trials.ts'
import { whyFull } from '#server/domain/space.ts'
import { workTree } from '#server/testing/hosted.ts'
import { whyNoSmallDisk } from '#server/testing/small-disk.ts'
import { randomFrom } from './random.ts'
import { openSite, type Place, type Site } from './fleet-site.ts'
import { fsck, leftBehind } from './git-server.ts'
import { attemptRows, judgeAttempts, judgeRuns, openRuns } from './history.ts'
import { insist, pause, until } from './until.ts'

const MB = 2 ** 20
/** Bytes that must be free for new work: more than what runs at the same time still writes. */
const leastFree = 16 * MB
const reason = await whyNoSmallDisk()

const task = (head: string, script: string) =>
  `\`\`\`yaml task\n${head}\ninfrastructure_retries: 100\n\`\`\`\n\`\`\`bash script\nset -e\necho "$DAGBOK_ATTEMPT_ID $(date +%s%N)" >> "$DAGBOK_PARAM_LEDGER"\n${script}\n\`\`\`\n`
/** Writes a log and an output, and reads that again: a hole in it would be seen. */
const notebook = `---
dagbok: 1
id: full
params:
  ledger: {type: string}
---

${task('id: write\noutputs: {out: out.bin, sum: sum.txt}', 'head -c 100000 /dev/urandom | base64\nsleep 0.2\nhead -c 300000 /dev/urandom > "$DAGBOK_OUT/out.bin"\ncd "$DAGBOK_OUT"\nsha256sum < out.bin > sum.txt')}
${task('id: read\nneeds: [write]\ninputs: {out: "${{ tasks.write.outputs.out }}", sum: "${{ tasks.write.outputs.sum }}"}', 'sha256sum < "$DAGBOK_IN_OUT" | cmp - "$DAGBOK_IN_SUM"')}
`

/** ms: far longer than a worker on a slow machine lets its lease wait, so that none is lost for want of time. */
const longLease = 30_000

let site: Site | null = null
afterEach(async () => {
  await site?.close()
  site = null
})

/** Attempts that have not ended. */
const attemptsUnderWay = ({ db }: Site) =>
  insist(async () => {
    const [row] = await db.client<{ n: number }[]>`
      select count(*)::int as n from attempt where ended_at is null`
    return row?.n ?? 0
  })

const anyFailed = ({ db }: Site) =>
  insist(async () => {
    const rows = await db.client`select 1 from attempt where state in ('failed', 'lost') limit 1`
    return rows.length > 0
  })

const attemptsMade = async ({ db }: Site) => (await insist(() => attemptRows(db))).length

/** All that is wrong once it is quiet again, and how many attempts were tried again, which may be for these reasons. */
async function judged(
  { db, starts, fleet }: Site,
  acknowledged: readonly string[],
  reasons: readonly string[],
) {
  const rows = await attemptRows(db)
  const ends = await db.client<{ reason: string | null; n: number }[]>`
    select coalesce(reason::text, state::text) as reason, count(*)::int as n from attempt where state in ('failed', 'lost') group by 1`
  const faults = [
    ...judgeAttempts(rows, await starts(), 0),
    ...(await judgeRuns(db, acknowledged)),
    ...ends
      .filter((end) => end.reason === null || !reasons.includes(end.reason))
      .map((end) => `${end.n} attempts ended: ${end.reason}`),
    ...fleet.filter(({ dead }) => dead).map(({ said }) => `a worker ended: ${said}`),
  ]
  const retried = ends.reduce((sum, { n }) => sum + n, 0)
  return { faults, attempts: rows.length, retried }
}

/** Which disk, of how many MB: as root the runtime folder has a copy of Node in it. */
const sizes: Record<Place, number> = { data: 96, runtime: 400, postgres: 200 }

/**
 * Why attempts may have been tried again: a start that the database did not take is not the store's, and a database that is
 * away for longer than a lease finds its workers lost.
 */
const retriedFor: Record<Place, string[]> = {
  data: ['storage'],
  runtime: ['storage'],
  postgres: ['storage', 'infrastructure_unknown', 'worker_lost'],
}

test.for(['data', 'runtime', 'postgres'] as const)(
  '[R15] the %s disk fills up to the last byte: nothing is lost, run twice or stuck, and all goes on by itself',
  async (place, { skip }) => {
    skip(reason !== null, reason ?? '')
    const { count, seed } = trials(5)
    site = await openSite({
      notebook,
      workers: 2,
      // Only where the database is away is a lost lease a legitimate end.
      leaseMs: place === 'postgres' ? 5000 : longLease,
      small: { [place]: sizes[place] },
      leastFree,
    })
    const here = site
    const disk = here.disks[place]
    if (disk === undefined) throw new Error('the site has the disk that was wanted')
    for (const worker of here.fleet) worker.start()
    const acknowledged: string[] = []
    // On, until one was hit: how far attempts are when the disk fills up is left to chance.
    let times = 0
    for (; times < count || (times < 10 * count && !(await anyFailed(here))); times++) {
      const next = randomFrom(seed + times)
      for (let n = await openRuns(here.db.client); n < 8; n++) acknowledged.push(await insist(here.start))
      await until('an attempt runs', async () => (await attemptsUnderWay(here)) > 0)
      await pause(next(300))
      // A Postgres that falls meanwhile cannot start: longer than its supervisor has patience with one that falls.
      const fallen = place === 'postgres' && times === 0
      await Promise.all([
        disk.keepFull(fallen ? 10_000 : 500 + next(2000)),
        fallen ? pause(500).then(here.killPostgres) : null,
      ])
      await disk.release()
    }
    await until('all runs have ended', async () => (await openRuns(here.db.client)) === 0)
    const { faults, attempts, retried } = await judged(here, acknowledged, retriedFor[place])
    console.log(
      `${place}: full ${times} times from seed ${seed}: ${acknowledged.length} runs, ${attempts} attempts, ${retried} retried`,
    )
    expect(faults).toEqual([])
    expect(retried).toBeGreaterThan(0)
  },
)

/** Runs under way, and then less room on the disk of the data folder than must be free. */
async function fillUp(here: Site, runs: number): Promise<void> {
  for (let n = 0; n < runs; n++) await here.start()
  await until('an attempt runs', async () => (await attemptsUnderWay(here)) > 0)
  await here.disks.data?.fill(leastFree - 2 * MB)
}

/**
 * Cancels a run that waits, and waits until that is done. A look of the scheduler does so after it has started tasks and
 * before it lets runs begin.
 */
async function cancelled({ db, cancel }: Site, id: string): Promise<void> {
  await cancel(id)
  await until('a run that waits is cancelled', async () => {
    const rows = await db.client`select 1 from run where id = ${id} and state = 'cancelled'`
    return rows.length > 0
  })
}

/** Attempts that are made when more is asked for: one look lets runs begin, the next one starts their tasks. */
async function startedMeanwhile(here: Site, runs: number): Promise<number> {
  const before = await attemptsMade(here)
  const asked: string[] = []
  for (let n = 0; n < runs; n++) asked.push(await here.start())
  for (const id of asked.slice(0, 2)) await cancelled(here, id)
  return (await attemptsMade(here)) - before
}

test('[R15] new work is refused before the disk is full: what runs ends well, a push is refused, and reads go on', async ({
  skip,
}) => {
  skip(reason !== null, reason ?? '')
  site = await openSite({ notebook, workers: 1, leaseMs: longLease, small: { data: sizes.data }, leastFree })
  const here = site
  const { hosted } = here
  const disk = here.disks.data
  const tree = await workTree(`${here.ledger}-tree`, `${here.ledger}-home`)
  await tree.git('clone', '-q', hosted.remote('fleet'), '.')
  await tree.write({ 'big.bin': 'x' })
  const small = await tree.commit('Small')
  const [worker] = here.fleet
  worker?.start([], { LOG_LEVEL: 'warn' })
  await fillUp(here, 6)
  await until('the worker sees it', () => worker?.said.includes('nothing new is started') === true)
  // A look that began before may still start something: this one is after it.
  await cancelled(here, await here.start())
  await until('what ran has ended', async () => (await attemptsUnderWay(here)) === 0)
  // Also what is asked for only now waits.
  expect(await startedMeanwhile(here, 6)).toBe(0)
  expect(await openRuns(here.db.client)).toBeGreaterThan(0)
  const full = await hosted.ctx.disks.full()
  expect(full).not.toBeNull()
  const said = await tree.fails('push', hosted.remote('fleet'), 'main')
  expect(said).toContain(`remote: ${full === null ? '' : whyFull(full).split(':')[0]}`)
  expect(await tree.git('ls-remote', hosted.remote('fleet'), 'main')).not.toContain(small)
  await disk?.release()
  await until('all runs have ended', async () => (await openRuns(here.db.client)) === 0)
  const { faults, retried } = await judged(here, [], [])
  expect([...faults, `${retried} retried`]).toEqual(['0 retried'])
  await tree.git('push', '-q', hosted.remote('fleet'), 'main')
})

test('mutant: workers without the bound start new work on a disk with too little room, and that is seen', async ({
  skip,
}) => {
  skip(reason !== null, reason ?? '')
  site = await openSite({ notebook, workers: 1, leaseMs: 5000, small: { data: sizes.data }, leastFree })
  const here = site
  here.fleet[0]?.start([], { DAGBOK_MIN_FREE_BYTES: '0' })
  await fillUp(here, 6)
  const late = await here.start()
  const started = () => here.db.client`select 1 from attempt where run_id = ${late}`
  await expect.poll(started, { timeout: 120_000 }).not.toEqual([])
  // What the rule above measures by can see it.
  await expect.poll(() => startedMeanwhile(here, 2), { timeout: 120_000 }).toBeGreaterThan(0)
})

test('[R10] [R15] a push whose objects do not fit is all or nothing, and works once there is room', async ({
  skip,
}) => {
  skip(reason !== null, reason ?? '')
  site = await openSite({ notebook, workers: 0, leaseMs: 5000, small: { data: 64 }, leastFree: 4 * MB })
  const { hosted, db, disks, ledger } = site
  const tree = await workTree(`${ledger}-tree`, `${ledger}-home`)
  await tree.git('clone', '-q', hosted.remote('fleet'), '.')
  const [row] = await db.client<{ id: string }[]>`select id from repository`
  const repository = hosted.ctx.repositories.path(row?.id ?? '')
  const before = await tree.git('ls-remote', hosted.remote('fleet'))
  const { count, seed } = trials(4)
  for (let i = 0; i < count; i++) {
    const next = randomFrom(seed + i)
    // What fits, but takes what must stay free; and what does not fit. No compression makes it fewer bytes.
    const fits = i % 2 === 0
    await tree.git('reset', '-q', '--hard', 'origin/main')
    await tree.write({ 'big.txt': randomBytes((fits ? 3 : 9) * MB).toString('base64') })
    const sha = await tree.commit(`Trial ${seed + i}`)
    await disks.data?.fill(4 * MB + next(3 * MB))
    const say = `seed ${seed + i}`
    const told = await tree.fails('push', hosted.remote('fleet'), 'main')
    expect(told, say).toContain(
      fits ? 'remote: error: The disk of the data folder is full: ' : 'No space left on device',
    )
    await disks.data?.release()
    await until('nothing is left behind', async () => (await leftBehind(repository)).length === 0)
    expect(await tree.git('ls-remote', hosted.remote('fleet')), say).toBe(before)
    expect(await fsck(repository), say).toEqual([])
    await tree.git('push', '-q', hosted.remote('fleet'), `HEAD:refs/heads/trial`, '--force')
    expect(await tree.git('ls-remote', hosted.remote('fleet'), 'trial'), say).toContain(sha)
    await tree.git('push', '-q', hosted.remote('fleet'), ':trial')
    await tree.git(`--git-dir=${repository}`, 'prune', '--expire=now')
  }
})
