/** What every executor gives a task and takes from it: environment, files, log, outputs (N1, N2, R8, R12). */
import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { runsById } from '#db/queries/run-view.ts'
import { readRun } from '#server/services/run/read-run.ts'
import { hasPython } from '../../testing/python.ts'
import { cell, fence, type Trial } from './trial.ts'

/** Every variable of a task with a matrix over `part`, without inputs and params. */
const variables =
  'ATTEMPT ATTEMPT_ID CAUSES CHANNEL DAG INTERVAL_END INTERVAL_START LOGICAL_DATE MATRIX_PART METRICS OUT RUN_ID TASK VALUES VERSION'
    .split(' ')
    .map((name) => `DAGBOK_${name}`)

/** Variables in the table of docs/notebook.md, in order. */
async function variablesOfManual(): Promise<string[]> {
  const manual = await readFile(new URL('../../../docs/notebook.md', import.meta.url), 'utf8')
  const [, section = ''] = manual.split('\n## What a task receives\n')
  const rows = (section.split('\n## ')[0] ?? '').split('\n').map((line) => line.split('|')[1] ?? '')
  return rows.flatMap((row) => [...row.matchAll(/`([A-Z_]+)`/g)].map(([, name = '']) => name)).toSorted()
}

/** Bytes of log and output that the rule of bounded memory is held to, and MiB by which memory may grow meanwhile. */
export interface Bulk {
  log: number
  output: number
  growth: number
}

const inPython = [
  cell(
    'id: py\nargs: [a, "$(DAGBOK_TASK)", "$$(x)"]',
    'python',
    'import sys, own\nprint(own.x, sys.argv[1:], __name__)',
  ),
  `${fence}yaml task\nid: pyfile\nscript: ./tool/run.py\n${fence}\n`,
]
const saidInPython = { py: "py ['a', 'py', '$(x)'] __main__\n", pyfile: 'd tool\n' }

/** What hangs on how a script's interpreter is started. */
export function givesScripts(trial: Trial): void {
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
    expect(log).toContain('mine\n')
    expect(log).toContain('to-err\n')
    // W3C trace context: the run is the trace, the attempt its span.
    expect(log).toMatch(new RegExp(`trace=00-${id.replaceAll('-', '')}-[0-9a-f]{16}-01\n`))
    const names = log.split('mine')[0]?.trim().split(' ') ?? []
    const own = names.filter((name) => name.startsWith('DAGBOK_'))
    expect(own).toEqual(variables)
    const others = names.filter((name) => !name.startsWith('DAGBOK_'))
    expect(others).toEqual(expect.arrayContaining(['HOME', 'LANG', 'PATH', 'TMPDIR']))
    const allowed =
      /^(HOME|HOSTNAME|KUBERNETES_\w+|LANG|LC_ALL|PATH|PWD|OLDPWD|SHLVL|SSL_CERT_DIR|SSL_CERT_FILE|TMPDIR|TRACEPARENT|TZ|_)$/
    expect(others.filter((name) => !allowed.test(name))).toEqual([])
  })

  test('[N1] a process has each variable of its run, and of the manual, texts as they are and all else as canonical JSON', async () => {
    const front =
      'params: {text: {type: string, default: ""}, half: {type: number, default: 0}, list: {type: array, default: []}}\n'
    const map = 'id: each\nmap: ${{ params.list }}\ninputs: {own: ./own.txt}\nvalues: {seen: {type: json}}'
    const script =
      'const { env } = process\nconst seen = Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("DAGBOK_")))\nrequire("fs").appendFileSync(env.DAGBOK_VALUES, JSON.stringify({ seen }) + "\\n")'
    const tree = await trial.shop.hosted.work('r-environment', {
      'd/environment.dag.md': trial.notebook('environment', [cell(map, 'javascript', script)], front),
      'd/own.txt': 'mine\n',
    })
    await tree.commit('First')
    await tree.git('push', '-q', trial.shop.hosted.remote('r-environment'), 'main')
    const text = `two\nlines "$HOME" \`date\` 'é'`
    const { id } = await trial.runOf('environment', 1, {
      params: { text, half: 1.0, list: [{ b: [null, true], aa: 'x' }, 'two words'] },
      logicalDate: new Date('2026-01-02T06:00:00Z'),
      intervalStart: new Date('2026-01-01T06:00:00Z'),
      intervalEnd: new Date('2026-01-02T06:00:00Z'),
    })
    const rows = await trial.db.client<{ attempt: string; seen: unknown }[]>`
      select a.id as attempt, v.value as seen from value v join attempt a on a.id = v.attempt_id
      join task_run t on t.id = a.task_run_id where a.run_id = ${id} order by t.index`
    const path = expect.stringMatching(/^\//) as string
    expect(rows.map(({ seen }) => seen)).toEqual(
      ['{"aa":"x","b":[null,true]}', 'two words'].map((item, index) => ({
        DAGBOK_PARAM_TEXT: text,
        DAGBOK_PARAM_HALF: '1',
        DAGBOK_PARAM_LIST: '[{"aa":"x","b":[null,true]},"two words"]',
        DAGBOK_ITEM: item,
        DAGBOK_INDEX: String(index),
        DAGBOK_IN_OWN: path,
        DAGBOK_OUT: path,
        DAGBOK_VALUES: path,
        DAGBOK_METRICS: path,
        DAGBOK_DAG: 'environment',
        DAGBOK_VERSION: 'v1',
        DAGBOK_RUN_ID: id,
        DAGBOK_TASK: 'each',
        DAGBOK_ATTEMPT: '1',
        DAGBOK_ATTEMPT_ID: rows[index]?.attempt,
        DAGBOK_CHANNEL: '',
        DAGBOK_LOGICAL_DATE: '2026-01-02T06:00:00.000Z',
        DAGBOK_INTERVAL_START: '2026-01-01T06:00:00.000Z',
        DAGBOK_INTERVAL_END: '2026-01-02T06:00:00.000Z',
        DAGBOK_CAUSES: '[]',
      })),
    )
    const seen = Object.keys(rows[0]?.seen ?? {}).map((name) => name.replace(/_(PARAM|IN)_.+/, '_$1_NAME'))
    // A task with `map` has no matrix.
    const all = new Set([...seen, 'DAGBOK_MATRIX_NAME', 'TRACEPARENT'])
    expect(await variablesOfManual()).toEqual([...all].toSorted())
  })

  test('[N2] scripts are files of the notebook’s folder, whatever their language', async () => {
    const { id, state } = await trial.run(
      'files',
      [
        ...(hasPython ? inPython : []),
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
        `${fence}yaml task\nid: command\nimage: ${trial.image}\nresources: {cpu: 100m}\ncommand: [printf, "%s|", "$(DAGBOK_DAG)", "two words"]\n${fence}\n`,
        cell('id: bash', 'bash', 'source ./lib.sh\nsay sourced'),
        cell('id: shelled\nshell: [sh, -eu]\nargs: [e]', 'anything', '. ./lib.sh\nsay "$1"'),
        `${fence}yaml task\nid: by-bit\nscript: ./tool/own\nargs: [d]\n${fence}\n`,
        cell(
          'id: may\noutputs: {left: {path: l.txt, optional: true}, gone: {path: g.txt, optional: true}}',
          'bash',
          'echo left > "$DAGBOK_OUT/l.txt"',
        ),
        cell(
          'id: next\nneeds: [may]\ninputs: {left: "${{ tasks.may.outputs.left }}", gone: "${{ tasks.may.outputs.gone }}"}',
          'bash',
          'cat "$DAGBOK_IN_LEFT"\n[ ! -e "$DAGBOK_IN_GONE" ] && echo gone',
        ),
      ],
      {
        'd/own.py': 'x = "py"\n',
        'd/own.js': 'export const x = "esm"\n',
        'd/old.cjs': 'exports.x = "cjs"\n',
        'd/typed.ts': 'export const x: number = 7\n',
        'd/lib.sh': 'say() { echo "$1 from $(basename "$PWD")"; }\n',
        'd/tool/own': '#!/bin/sh\necho "own $1 $(basename "$PWD")"\n',
        'd/tool/run.sh': 'echo "sh $1 $(basename "$PWD")"\n',
        'd/tool/run.py':
          'import os, sys\nprint(os.path.basename(os.getcwd()), os.path.basename(sys.path[0]))\n',
      },
    )
    const said: Record<string, string> = {}
    const speakers = 'esm cjs ts file command bash shelled by-bit next'
    for (const task of [...speakers.split(' '), ...(hasPython ? Object.keys(saidInPython) : [])])
      said[task] = await trial.shop.log(id, task)
    expect(said).toEqual({
      ...(hasPython ? saidInPython : {}),
      esm: "esm [ 'b' ]\n",
      cjs: 'cjs true\n',
      ts: '7\n',
      file: 'sh c d\n',
      command: 'files|two words|',
      bash: 'sourced from d\n',
      shelled: 'e from d\n',
      'by-bit': 'own d d\n',
      next: 'left\ngone\n',
    })
    expect(state).toBe('succeeded')
    const [row] = await runsById(trial.db, [id])
    if (row === undefined) throw new Error('the run is there')
    // What is asked for and not given is told: the page has it from here.
    const { hasImages, hasProcessors } = trial.manner
    const ignored = { image: hasImages ? null : trial.image, cpu: hasProcessors ? null : 0.1 }
    expect((await readRun(trial.shop.hosted.ctx, row)).ignored).toEqual(
      hasImages && hasProcessors ? {} : { command: ignored },
    )
  })
}

/** What does not: the bytes that come out. */
export function takesBytes(trial: Trial, bulk: Bulk): void {
  test('the log has every byte of both streams in order, also of one that is opened again', async () => {
    const { id } = await trial.run('bytes', [
      cell(
        'id: say',
        'bash',
        'printf "one\\n"; printf "two\\n" >&2; printf "three\\n" > /dev/stdout; printf "four\\n" > /dev/stderr; printf "\\xff\\x00end"',
      ),
    ])
    const log = await trial.shop.log(id, 'say')
    const [out, errors] = [
      ['one\n', 'three\n', '\ufffd\0end'],
      ['two\n', 'four\n'],
    ]
    const inOrder = (words: string[]) => words.toSorted((a, b) => log.indexOf(a) - log.indexOf(b))
    expect([inOrder(out), inOrder(errors)]).toEqual([out, errors])
    expect(log).toHaveLength([...out, ...errors].join('').length)
    const both = [out[0], errors[0], out[1], errors[1], out[2]].join('')
    expect(trial.oneStream ? log : both).toBe(both)
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
