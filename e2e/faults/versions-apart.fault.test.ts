/**
 * A run of the first version while another one is released, changed or deleted at any of its stages (R12): its history,
 * to the last byte of its logs and outputs, is that of a run beside which nothing happened.
 */
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logChunks } from '#db/queries/log.ts'
import { specOf, versionByNumber } from '#db/queries/version.ts'
import { trials } from '#server/config/trials.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { readLines } from '#server/storage/logs/log-reader.ts'
import { FolderStore } from '#server/storage/stores/folder.ts'
import type { WorkTree } from '#server/testing/hosted.ts'
import { notebook as filler } from './fleet-dag.ts'
import { openSite, type Site } from './fleet-site.ts'
import { openRuns } from './history.ts'
import { randomFrom } from './random.ts'
import { pause, until } from './until.ts'

/** Modules of the same names, a step that hands on a value and an output, two items that read both. */
const files = (constant: string) => ({
  'd/foo/bar.mjs': `export const x = '${constant}'\n`,
  'd/foo/bar.sh': `X='${constant}'\n`,
  'd/apart.dag.md': `---
dagbok: 1
id: apart
---

\`\`\`yaml task
id: make
outputs: {out: out.txt}
values: {seen: {type: string}}
\`\`\`
\`\`\`bash script
. foo/bar.sh
echo "$X"
sleep 0.1
. foo/bar.sh
echo "$X" > "$DAGBOK_OUT/out.txt"
echo "seen=\\"$X\\"" >> "$DAGBOK_VALUES"
\`\`\`

\`\`\`yaml task
id: load
needs: [make]
env: {SEEN: "\${{ tasks.make.values.seen }}"}
\`\`\`
\`\`\`javascript script
const { x } = await import(process.cwd() + '/foo/bar.mjs')
console.log(x, process.env.SEEN)
\`\`\`

\`\`\`yaml task
id: each
needs: [load]
matrix: {n: [1, 2]}
inputs: {out: "\${{ tasks.make.outputs.out }}"}
\`\`\`
\`\`\`bash script
. foo/bar.sh
echo "$X $(cat "$DAGBOK_IN_OUT")"
ls . foo
\`\`\`
`,
})

let site: Site
let tree: WorkTree
let dagId = ''
beforeAll(async () => {
  site = await openSite({ notebook: filler, workers: 2, leaseMs: 30_000 })
  tree = await site.hosted.work('apart', files('the first'))
  await push('First')
  const [row] = await site.db.client<{ id: string }[]>`select id from dag where name = 'apart'`
  dagId = row?.id ?? ''
  for (const worker of site.fleet) worker.start()
})
afterAll(() => site?.close())

async function push(message: string, ...options: string[]): Promise<void> {
  await tree.commit(message)
  await tree.git('push', '-q', ...options, site.hosted.remote('apart'), 'HEAD:main')
}

/** A run of the first version; its id. */
async function begin(): Promise<string> {
  const version = await versionByNumber(site.db, dagId, 1)
  const spec = version === null ? null : await specOf(site.db, version.id)
  if (version === null || spec === null) throw new Error('the first version is there for good')
  const made = { dagId, versionId: version.id, spec, trigger: 'api', triggeredBy: null, params: {} } as const
  return (await site.db.transaction((tx) => createRun(tx, made))).id
}

const over = (id: string) =>
  until('the run has ended', async () => {
    const [run] = await site.db.client<{ ms: number }[]>`
      select extract(epoch from ended_at - created_at)::float8 * 1000 as ms from run where id = ${id} and ended_at is not null`
    return run?.ms ?? null
  })

interface Step {
  attempt: string
  line: string
}

/** All that a run has left, without what is another for each run: ids, times, places. */
async function historyOf(runId: string): Promise<string[]> {
  const steps = await site.db.client<Step[]>`
    select a.id as attempt, concat_ws(' ', r.state, r.reason, r.version_id = (select id from version where dag_id = r.dag_id and number = 1),
      t.task, t.key, t.state, t.reason, a.n, a.state, a.reason, a.message, a.exit_code, a.signal, a.record,
      (select string_agg(concat_ws(' ', o.name, o.path, o.hash, o.size), ',' order by o.name) from output o where o.attempt_id = a.id),
      (select string_agg(concat_ws(' ', v.name, v.value), ',' order by v.name) from value v where v.attempt_id = a.id)) as line
    from attempt a join task_run t on t.id = a.task_run_id join run r on r.id = a.run_id
    where r.id = ${runId} order by t.task, t.key, a.n`
  const store = new FolderStore(join(site.hosted.folder, 'artifacts'))
  const history: string[] = []
  for (const { attempt, line } of steps) {
    const { lines } = await readLines(store, await logChunks(site.db, attempt), 0, 1000)
    history.push(
      `${line}\n${lines.join('\n')}`
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'ID')
        .replaceAll(/00-[0-9a-f]{32}-[0-9a-f]{16}-01/g, 'TRACE'),
    )
  }
  return history
}

/** Trials after which the workers forget what they laid out. */
const forgetEvery = 20

/** The workers begin a new life, with nothing laid out. */
async function forget(): Promise<void> {
  for (const worker of site.fleet) {
    await worker.kill()
    await rm(join(worker.runtime, 'versions'), { recursive: true, force: true })
    worker.start()
  }
}

/** Stages of the run that something happens at. */
const stages = {
  queued: (run) => site.db.client`select 1 from run where id = ${run}`,
  begun: (run) => site.db.client`select 1 from run where id = ${run} and state <> 'queued'`,
  made: (run) => site.db.client`select 1 from attempt where run_id = ${run}`,
  started: (run) => site.db.client`select 1 from attempt where run_id = ${run} and started_at is not null`,
  handed: (run) =>
    site.db.client`select 1 from task_run where run_id = ${run} and task = 'make' and ended_at is not null`,
  loaded: (run) =>
    site.db.client`select 1 from task_run where run_id = ${run} and task = 'load' and ended_at is not null`,
  each: (run) => site.db.client`
    select 1 from attempt a join task_run t on t.id = a.task_run_id
    where t.run_id = ${run} and t.task = 'each' and a.started_at is not null`,
} satisfies Record<string, (run: string) => PromiseLike<readonly object[]>>
type Stage = keyof typeof stages

const reach = (runId: string, stage: Stage) =>
  until(`stage ${stage}`, async () => (await stages[stage](runId)).length > 0)

/** What happens beside it; the version that is released says `constant`. */
const events: Record<string, (constant: string) => Promise<void>> = {
  release: async (constant) => {
    await tree.write(files(constant))
    await push(constant, '-o', 'run')
  },
  'delete the modules': async (constant) => {
    await tree.write(files(constant))
    await tree.git('rm', '-rqf', '--ignore-unmatch', 'd/foo')
    await push(constant)
  },
  'delete the DAG': async (constant) => {
    await tree.git('rm', '-rqf', '--ignore-unmatch', 'd')
    await tree.write({ 'README.md': constant })
    await push(constant)
  },
  'rewrite and collect': async (constant) => {
    await tree.write(files(constant))
    await tree.commit(constant)
    await tree.git('push', '-q', site.hosted.remote('apart'), 'HEAD:refs/heads/side')
    await tree.git('commit', '-q', '--amend', '-m', `${constant}, again`)
    await tree.git('push', '-q', '-f', site.hosted.remote('apart'), 'HEAD:refs/heads/side')
    await tree.git('push', '-q', site.hosted.remote('apart'), ':refs/heads/side')
    const [row] = await site.db.client<
      { id: string }[]
    >`select repository_id as id from dag where id = ${dagId}`
    const hosted = site.hosted.ctx.repositories.path(row?.id ?? '')
    await tree.git(`--git-dir=${hosted}`, 'gc', '-q', '--prune=now')
  },
}

test('[R12] whatever happens to other versions, a run of the first one is what it is alone', async () => {
  const { count, seed } = trials(28)
  await over(await begin())
  const alone: number[] = []
  for (let i = 0; i < 10; i++) alone.push(await over(await begin()))
  const reference = await begin()
  await over(reference)
  const expected = await historyOf(reference)
  expect(expected).toHaveLength(4)
  expect(expected.join()).toContain('the first the first')

  const beside: number[] = []
  const all = Object.entries(events)
  const done: Record<string, number> = {}
  for (let i = 0; i < count; i++) {
    // What the trial before released runs no more.
    await until('all is quiet', async () => (await openRuns(site.db.client)) === 0)
    if (i % forgetEvery === 0) await forget()
    const next = randomFrom(seed + i)
    // Each event at each stage, in turn.
    const [name = '', happen] = all[i % all.length] ?? []
    const stage = Object.keys(stages)[Math.floor(i / all.length) % Object.keys(stages).length] as Stage
    const id = await begin()
    await reach(id, stage)
    await pause(next(30))
    await happen?.(`trial ${i}`)
    beside.push(await over(id))
    expect(await historyOf(id), `seed ${seed + i}: ${name} at ${stage}`).toEqual(expected)
    done[name] = (done[name] ?? 0) + 1
  }
  const others = await site.db.client<{ state: string; n: number }[]>`
    select r.state::text, count(*)::int as n from run r join version v on v.id = r.version_id
    where r.dag_id = ${dagId} and v.number > 1 group by 1`
  expect(others.map(({ state }) => state)).toEqual(['succeeded'])
  const median = (times: number[]) => Math.round(times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0)
  const what = Object.entries(done)
    .map(([name, n]) => `${n} ${name}`)
    .join(', ')
  console.log(
    `${count} trials from seed ${seed} (${what}); ${others[0]?.n} runs of other versions; a run alone ${median(alone)} ms, beside them ${median(beside)} ms`,
  )
})

test('mutant: a release that changes the files which the first version was laid out as is seen', async () => {
  const before = await begin()
  await over(before)
  const first = await versionByNumber(site.db, dagId, 1)
  const laid = site.fleet.map(({ runtime }) => join(runtime, 'versions', first?.id ?? '', 'd/foo/bar.sh'))
  for (const file of laid.filter((one) => existsSync(one))) await writeFile(file, "X='another'\n")
  const next = await begin()
  await over(next)
  expect(await historyOf(next)).not.toEqual(await historyOf(before))
})
