import { chmod, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { requestCancel } from '#db/queries/run-state.ts'
import { specOf, versionByNumber } from '#db/queries/version.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop(database())
})
afterAll(() => shop.close())

const fence = '```'
const cell = (yaml: string, lang: string, script: string) =>
  `${fence}yaml task\n${yaml}\n${fence}\n${fence}${lang} script\n${script}\n${fence}\n`
const dag = (id: string, cells: string[], front = '') =>
  `---\ndagbok: 1\nid: ${id}\n${front}---\n\n${cells.join('\n')}`

/** Pushes one notebook with its files and runs it to its end. */
async function run(id: string, cells: string[], files: Record<string, string> = {}) {
  const tree = await shop.hosted.work(`r-${id}`, { [`d/${id}.dag.md`]: dag(id, cells), ...files })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote(`r-${id}`), 'main')
  const ended = await shop.ended(id, 1)
  return { tree, ...ended }
}

/** Command lines of this machine's processes that match. */
async function commandsLike(pattern: RegExp): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name))
  const lines = await Promise.all(
    pids.map((pid) => readFile(join('/proc', pid, 'cmdline'), 'utf8').catch(() => '')),
  )
  return lines.filter((line) => pattern.test(line))
}

const taskRuns = async (runId: string) =>
  database().client<{ task: string; state: string; reason: string | null; message: string | null }[]>`
    select t.task, t.state, t.reason, a.message from task_run t left join attempt a on a.task_run_id = t.id
    where t.run_id = ${runId} order by t.task, t.index, a.n`

test('[N1] a task has its own environment, its inputs and leaves outputs, values and metrics', async () => {
  const { id, state } = await run(
    'whole',
    [
      cell(
        'id: make\nmatrix: {part: [1, 2]}\noutputs: {table: t.csv}\nvalues: {rows: {type: integer}}',
        'bash',
        'echo "a,$DAGBOK_MATRIX_PART" > "$DAGBOK_OUT/t.csv"\necho rows=7 >> "$DAGBOK_VALUES"\nenv | cut -d= -f1 | sort | tr "\\n" " "; cat lib/own.txt; echo to-err >/dev/stderr',
      ),
      cell(
        'id: fold\nneeds: [make]\ninputs: {tables: "${{ tasks.make.outputs.table }}", rows: "${{ tasks.make.values.rows }}"}\nmetrics: {n: {better: higher}}',
        'javascript',
        'const fs = require("fs"); const dir = process.env.DAGBOK_IN_TABLES\nfor (const { key, path } of JSON.parse(fs.readFileSync(dir + "/index.json"))) console.log(key, fs.readFileSync(dir + "/" + path, "utf8").trim())\nconsole.log(fs.readFileSync(process.env.DAGBOK_IN_ROWS, "utf8"))\nfs.appendFileSync(process.env.DAGBOK_METRICS, JSON.stringify({ n: 2 }) + "\\n")',
      ),
    ],
    { 'd/lib/own.txt': 'mine\n' },
  )
  expect(await taskRuns(id)).toMatchObject([
    { state: 'succeeded' },
    { state: 'succeeded' },
    { state: 'succeeded' },
  ])
  expect(state).toBe('succeeded')
  expect(await shop.log(id, 'fold')).toBe('part=1 a,1\npart=2 a,2\n[7,7]\n')
  const log = await shop.log(id, 'make')
  expect(log).toContain('mine\nto-err\n')
  expect(
    log
      .split('\n')[0]
      ?.split(' ')
      .filter((name) => !name.startsWith('DAGBOK_') && name !== ''),
  ).toEqual(expect.arrayContaining(['HOME', 'LANG', 'PATH', 'TMPDIR']))
  expect(log).not.toMatch(/DATABASE_URL|NEXTAUTH|npm_/)
})

test('ends are told apart: exit code, signal, timeout, missing output, missing program, memory', async () => {
  const { id } = await run('ends', [
    cell('id: code', 'bash', 'exit 3'),
    cell('id: killed', 'bash', 'kill -9 $$'),
    cell('id: late\ntimeout: 300ms', 'bash', 'sleep 600'),
    cell('id: left\noutputs: {x: x.txt}', 'bash', 'true'),
    cell('id: link\noutputs: {x: x.txt}', 'bash', 'ln -s /etc/passwd "$DAGBOK_OUT/x.txt"'),
    `${fence}yaml task\nid: none\ncommand: [no-such-program]\n${fence}\n`,
    cell(
      'id: big\nresources: {memory: 64Mi}',
      'javascript',
      'const all = []; setInterval(() => all.push(Buffer.alloc(2 ** 24, 1)), 5)',
    ),
    cell('id: bad', 'bash', 'echo nonsense >> "$DAGBOK_VALUES"'),
  ])
  const rows = Object.fromEntries((await taskRuns(id)).map((row) => [row.task, [row.state, row.reason]]))
  expect(rows).toEqual({
    code: ['failed', 'user_error'],
    killed: ['failed', 'killed'],
    late: ['failed', 'timeout'],
    left: ['failed', 'missing_output'],
    link: ['failed', 'missing_output'],
    none: ['failed', 'bad_config'],
    big: ['failed', 'oom'],
    bad: ['failed', 'user_error'],
  })
})

test('[R7] what does not start in time is lost, and its code never ran', async () => {
  const { id } = await run('unstarted', [
    cell('id: slow\nstart_timeout: 1ms\nretries: 3\ninfrastructure_retries: 0', 'bash', 'echo ran'),
  ])
  expect(await taskRuns(id)).toMatchObject([{ state: 'failed', reason: 'infrastructure_unknown' }])
  const rows = await database().client`select state, started_at from attempt where run_id = ${id}`
  expect(rows.map((row) => [row['state'], row['started_at']])).toEqual([['lost', null]])
})

test('every attempt says what it used: processor time and memory, of all its processes', async () => {
  const { id } = await run('used', [
    cell(
      'id: work',
      'bash',
      'node -e "const held = Buffer.alloc(2 ** 26, 1); while (process.cpuUsage().user < 3e5) held[0]++" | cat',
    ),
  ])
  const [row] = await database().client<{ cpu: number; memory: number }[]>`
    select cpu_seconds as cpu, memory_peak::float8 as memory from attempt where run_id = ${id}`
  expect(row?.cpu).toBeGreaterThan(0.1)
  expect(row?.memory).toBeGreaterThan(2 ** 26)
})

test('what a task leaves running does not outlive it, and a timeout of a month is no timeout at once', async () => {
  const { state } = await run('leaves', [
    cell('id: leave\ntimeout: 30d', 'bash', 'setsid sleep 60005 > /dev/null 2>&1 &\nsleep 60006 &'),
  ])
  expect(state).toBe('succeeded')
  expect(await commandsLike(/sleep\0 ?6000[56]/)).toEqual([])
})

test('cancel ends the whole process group, and what has left it', async () => {
  const tree = await shop.hosted.work('r-cancel', {
    'd/cancel.dag.md': dag('cancel', [
      cell(
        'id: hold',
        'bash',
        'setsid sleep 60001 &\nsleep 60002 &\necho started\ntrap "" TERM\nwhile true; do sleep 60003; done',
      ),
    ]),
  })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('r-cancel'), 'main')
  const [row] = await shop.until(async () => {
    const found = await database().client<{ id: string; run: string }[]>`
      select a.id, a.run_id as run from attempt a join run r on r.id = a.run_id join dag d on d.id = r.dag_id
      join log_chunk l on l.attempt_id = a.id where d.name = 'cancel'`
    return found.length > 0 ? found : null
  })
  await requestCancel(database(), row?.run ?? '', null)
  await database().client`select pg_notify('dagbok_work', '')`
  expect(await shop.ended('cancel', 1)).toMatchObject({ state: 'cancelled' })
  expect(await commandsLike(/sleep\0 ?6000[123]/)).toEqual([])
})

test("[R12] the seed's case: two versions whose foo/bar have other contents, v1 in the middle of its run", async () => {
  const release = join(shop.hosted.folder, 'go')
  const notebook = dag('seed', [
    cell('id: py', 'python', 'from foo.bar import x\nprint(x)'),
    cell('id: js', 'javascript', 'import { x } from "./foo/bar.js"\nconsole.log(x)'),
    cell('id: hold', 'bash', `while [ ! -e ${release} ]; do sleep 0.02; done`),
    cell('id: py2\nneeds: [hold]', 'python', 'from foo.bar import x\nprint(x)'),
    cell('id: js2\nneeds: [hold]', 'javascript', 'import { x } from "./foo/bar.js"\nconsole.log(x)'),
  ])
  const files = (n: number) => ({
    'd/foo/bar.py': `x = 'py v${n}'\n`,
    'd/foo/bar.js': `export const x = 'js v${n}'\n`,
  })
  await chmod(shop.hosted.folder, 0o711)
  const tree = await shop.hosted.work('r-seed', { 'd/seed.dag.md': notebook, ...files(1) })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('r-seed'), 'main')
  await shop.until(async () => {
    const rows = await database()
      .client`select 1 from task_run t join run r on r.id = t.run_id join dag d on d.id = r.dag_id
      where d.name = 'seed' and t.task = 'hold' and t.state = 'running'`
    return rows.length > 0 ? true : null
  })
  await tree.write({
    'd/seed.dag.md': notebook.replace(`while [ ! -e ${release} ]; do sleep 0.02; done`, 'true'),
    ...files(2),
  })
  await tree.commit('Second')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('r-seed'), 'main')
  const second = await shop.ended('seed', 2)
  expect(second.state).toBe('succeeded')
  await writeFile(release, '')
  const first = await shop.ended('seed', 1)
  const said = async (runId: string) =>
    (await Promise.all(['py', 'js', 'py2', 'js2'].map((task) => shop.log(runId, task)))).join('')
  expect(await said(first.id)).toBe('py v1\njs v1\npy v1\njs v1\n')
  expect(await said(second.id)).toBe('py v2\njs v2\npy v2\njs v2\n')
  // v1 again, now that v2 is there.
  const [row] = await database().client<{ dag: string }[]>`select id as dag from dag where name = 'seed'`
  const version = await versionByNumber(database(), row?.dag ?? '', 1)
  const spec = await specOf(database(), version?.id ?? '')
  if (spec === null || version === null || row === undefined) throw new Error('no version 1')
  await database().transaction((tx) =>
    createRun(tx, {
      dagId: row.dag,
      versionId: version.id,
      spec,
      trigger: 'manual',
      triggeredBy: null,
      params: {},
    }),
  )
  const again = await shop.ended('seed', 1)
  expect(again.id).not.toBe(first.id)
  expect(await said(again.id)).toBe('py v1\njs v1\npy v1\njs v1\n')
})

test('[R8] 100 MB of log and 1 GB of output in bounded memory', async () => {
  const before = process.memoryUsage().rss
  let most = before
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
  const { id, state } = await run('large', [
    cell('id: log', 'bash', 'head -c 100000000 < <(yes "a line of some forty characters or so")'),
    cell('id: out\noutputs: {big: big.bin}', 'bash', 'head -c 1000000000 /dev/zero > "$DAGBOK_OUT/big.bin"'),
  ])
  clearInterval(watch)
  expect(state).toBe('succeeded')
  const [row] = await database().client<{ bytes: string }[]>`
    select sum(l.bytes) as bytes from log_chunk l join attempt a on a.id = l.attempt_id where a.run_id = ${id}`
  expect(Number(row?.bytes)).toBe(100_000_000)
  expect((most - before) / 2 ** 20).toBeLessThan(400)
})

test.runIf(process.getuid?.() === 0)(
  'as root, tasks run under an id of their own and reach nothing of the product',
  async () => {
    const { id, state } = await run('root', [
      cell(
        'id: who',
        'bash',
        `id -u; ls ${shop.hosted.folder}/repositories 2>&1 || true; ls ${shop.runtime}/attempts 2>&1 || true; ls ${shop.runtime}/versions 2>&1 || true; node -e 'console.log(process.version)'`,
      ),
    ])
    expect(state).toBe('succeeded')
    const log = await shop.log(id, 'who')
    expect(log.split('\n')[0]).toBe('64101')
    expect(log.match(/Permission denied/g)).toHaveLength(3)
    expect(log).toContain(process.version)
  },
)
