/** What every executor gives a task and takes from it: environment, files, log, outputs (N1, N2, R8, R12). */
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { specOf, versionByNumber } from '#db/queries/version.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { cell, fence, type Trial } from './trial.ts'

/** Every variable of a task with a matrix over `part`, without inputs and params. */
const variables =
  'ATTEMPT ATTEMPT_ID CAUSES CHANNEL DAG INTERVAL_END INTERVAL_START LOGICAL_DATE MATRIX_PART METRICS OUT RUN_ID TASK VALUES VERSION'
    .split(' ')
    .map((name) => `DAGBOK_${name}`)

/** Bytes of log and output that the rule of bounded memory is held to, and MiB by which memory may grow meanwhile. */
export interface Bulk {
  log: number
  output: number
  growth: number
}

export function givesAndTakes(trial: Trial, bulk: Bulk): void {
  test('[N1] a task has its own environment, its inputs and leaves outputs, values and metrics', async () => {
    const { id, state } = await trial.run(
      'whole',
      [
        cell(
          'id: make\nmatrix: {part: [1, 2]}\noutputs: {table: t.csv}\nvalues: {rows: {type: integer}}',
          'bash',
          'echo "a,$DAGBOK_MATRIX_PART" > "$DAGBOK_OUT/t.csv"\necho rows=7 >> "$DAGBOK_VALUES"\nenv | cut -d= -f1 | sort | tr "\\n" " "; cat lib/own.txt; echo to-err >/dev/stderr; echo "trace=$TRACEPARENT"',
        ),
        cell(
          'id: fold\nneeds: [make]\ninputs: {tables: "${{ tasks.make.outputs.table }}", rows: "${{ tasks.make.values.rows }}"}\nmetrics: {n: {better: higher}}',
          'javascript',
          'const fs = require("fs"); const dir = process.env.DAGBOK_IN_TABLES\nfor (const { key, path } of JSON.parse(fs.readFileSync(dir + "/index.json"))) console.log(key, fs.readFileSync(dir + "/" + path, "utf8").trim())\nconsole.log(fs.readFileSync(process.env.DAGBOK_IN_ROWS, "utf8"))\nfs.appendFileSync(process.env.DAGBOK_METRICS, JSON.stringify({ n: 2 }) + "\\n")',
        ),
      ],
      { 'd/lib/own.txt': 'mine\n' },
    )
    const made = await trial.attempts(id)
    expect(made.map((row) => [row.task, row.state, row.exitCode])).toEqual([
      ['fold', 'succeeded', 0],
      ['make', 'succeeded', 0],
      ['make', 'succeeded', 0],
    ])
    expect(state).toBe('succeeded')
    expect(await trial.shop.log(id, 'fold')).toBe('part=1 a,1\npart=2 a,2\n[7,7]\n')
    const log = await trial.shop.log(id, 'make')
    expect(log).toContain('mine\nto-err\n')
    // W3C trace context: the run is the trace, the attempt its span.
    expect(log).toMatch(new RegExp(`trace=00-${id.replaceAll('-', '')}-[0-9a-f]{16}-01\n`))
    const names = log.split('mine')[0]?.trim().split(' ') ?? []
    const own = names.filter((name) => name.startsWith('DAGBOK_'))
    expect(own).toEqual(variables)
    const others = names.filter((name) => !name.startsWith('DAGBOK_'))
    expect(others).toEqual(expect.arrayContaining(['HOME', 'LANG', 'PATH', 'TMPDIR']))
    const allowed =
      /^(HOME|LANG|LC_ALL|PATH|PWD|OLDPWD|SHLVL|SSL_CERT_DIR|SSL_CERT_FILE|TMPDIR|TRACEPARENT|TZ|_)$/
    expect(others.filter((name) => !allowed.test(name))).toEqual([])
  })

  test('[N2] scripts are files of the notebook’s folder, whatever their language', async () => {
    const { id, state } = await trial.run(
      'files',
      [
        cell(
          'id: py\nargs: [a, "$(DAGBOK_TASK)", "$$(x)"]',
          'python',
          'import sys, own\nprint(own.x, sys.argv[1:], __name__)',
        ),
        cell(
          'id: esm\nargs: [b]',
          'javascript',
          'import { x } from "./own.js"\nconsole.log(x, process.argv.slice(2))',
        ),
        cell(
          'id: cjs',
          'javascript',
          'const { x } = require("./old.cjs")\nconsole.log(x, require.main === module)',
        ),
        cell('id: ts', 'typescript', 'import { x } from "./typed.ts"\nconst y: number = x\nconsole.log(y)'),
        `${fence}yaml task\nid: file\nscript: ./tool/run.sh\nargs: [c]\n${fence}\n`,
        `${fence}yaml task\nid: pyfile\nscript: ./tool/run.py\n${fence}\n`,
        `${fence}yaml task\nid: command\ncommand: [printf, "%s|", "$(DAGBOK_DAG)", "two words"]\n${fence}\n`,
      ],
      {
        'd/own.py': 'x = "py"\n',
        'd/own.js': 'export const x = "esm"\n',
        'd/old.cjs': 'exports.x = "cjs"\n',
        'd/typed.ts': 'export const x: number = 7\n',
        'd/tool/run.sh': 'echo "sh $1 $(basename "$PWD")"\n',
        'd/tool/run.py':
          'import os, sys\nprint(os.path.basename(os.getcwd()), os.path.basename(sys.path[0]))\n',
      },
    )
    const said: Record<string, string> = {}
    for (const task of ['py', 'esm', 'cjs', 'ts', 'file', 'pyfile', 'command'])
      said[task] = await trial.shop.log(id, task)
    expect(said).toEqual({
      py: "py ['a', 'py', '$(x)'] __main__\n",
      esm: "esm [ 'b' ]\n",
      cjs: 'cjs true\n',
      ts: '7\n',
      file: 'sh c d\n',
      pyfile: 'd tool\n',
      command: 'files|two words|',
    })
    expect(state).toBe('succeeded')
  })

  test('the log has every byte of both streams in order, also of one that is opened again', async () => {
    const { id } = await trial.run('bytes', [
      cell(
        'id: say',
        'bash',
        'printf "one\\n"; printf "two\\n" >&2; printf "three\\n" > /dev/stdout; printf "four\\n" > /dev/stderr; printf "\\xff\\x00end"',
      ),
    ])
    expect(await trial.shop.log(id, 'say')).toBe('one\ntwo\nthree\nfour\n\ufffd\0end')
  })

  test("[R12] the seed's case: two versions whose foo/bar have other contents, v1 in the middle of its run", async () => {
    const { v1, v2, again } = await twoVersions(trial)
    expect(v1).toBe('py v1\njs v1\npy v1\njs v1\n')
    expect(v2).toBe('py v2\njs v2\npy v2\njs v2\n')
    expect(again).toBe(v1)
  })

  const mb = (bytes: number) => `${bytes / 1e6} MB`
  test(`[R8] ${mb(bulk.log)} of log and ${mb(bulk.output)} of output in bounded memory`, async () => {
    const before = process.memoryUsage().rss
    let most = before
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().rss)), 20)
    const { id, state } = await trial.run('large', [
      cell('id: log', 'bash', `head -c ${bulk.log} < <(yes "a line of some forty characters or so")`),
      cell(
        'id: out\noutputs: {big: big.bin}',
        'bash',
        `head -c ${bulk.output} /dev/zero > "$DAGBOK_OUT/big.bin"`,
      ),
    ])
    clearInterval(watch)
    expect(state).toBe('succeeded')
    const [row] = await trial.db.client<{ bytes: string }[]>`
      select sum(l.bytes) as bytes from log_chunk l join attempt a on a.id = l.attempt_id where a.run_id = ${id}`
    expect(Number(row?.bytes)).toBe(bulk.log)
    const [left] = await trial.db.client<{ size: string }[]>`
      select o.size from output o join attempt a on a.id = o.attempt_id where a.run_id = ${id}`
    expect(Number(left?.size)).toBe(bulk.output)
    expect((most - before) / 2 ** 20).toBeLessThan(bulk.growth)
  })
}

/** What runs of the two versions printed, and what one of v1 prints once v2 is there. */
async function twoVersions(trial: Trial): Promise<Record<'v1' | 'v2' | 'again', string>> {
  const { shop } = trial
  const release = join(shop.hosted.folder, 'go')
  const hold = `while [ ! -e ${release} ]; do sleep 0.02; done`
  const notebook = trial.notebook('seed', [
    cell('id: py', 'python', 'from foo.bar import x\nprint(x)'),
    cell('id: js', 'javascript', 'import { x } from "./foo/bar.js"\nconsole.log(x)'),
    cell('id: hold', 'bash', hold),
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
    const rows = await trial.db
      .client`select 1 from task_run t join run r on r.id = t.run_id join dag d on d.id = r.dag_id
      where d.name = 'seed' and t.task = 'hold' and t.state = 'running'`
    return rows.length > 0 ? true : null
  })
  await tree.write({ 'd/seed.dag.md': notebook.replace(hold, 'true'), ...files(2) })
  await tree.commit('Second')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('r-seed'), 'main')
  const second = await shop.ended('seed', 2)
  expect(second.state).toBe('succeeded')
  await writeFile(release, '')
  const first = await shop.ended('seed', 1)
  const said = async (runId: string) =>
    (await Promise.all(['py', 'js', 'py2', 'js2'].map((task) => shop.log(runId, task)))).join('')
  const again = await runVersion(trial, 'seed', 1)
  return { v1: await said(first.id), v2: await said(second.id), again: await said(again.id) }
}

async function runVersion(trial: Trial, dag: string, number: number) {
  const [row] = await trial.db.client<{ id: string }[]>`select id from dag where name = ${dag}`
  const version = await versionByNumber(trial.db, row?.id ?? '', number)
  const spec = await specOf(trial.db, version?.id ?? '')
  if (spec === null || version === null || row === undefined) throw new Error(`no version ${number}`)
  await trial.db.transaction((tx) =>
    createRun(tx, {
      dagId: row.id,
      versionId: version.id,
      spec,
      trigger: 'manual',
      triggeredBy: null,
      params: {},
    }),
  )
  return trial.shop.ended(dag, number)
}
