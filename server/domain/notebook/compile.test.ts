import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { compile } from './compile.ts'
import { notebook, task, words } from './compile/testing.ts'

const examples = resolve(import.meta.dirname, '../../../examples')
test.each([
  ['1-logistic-regression', 'iris/iris.dag.md', 3],
  ['2-nearest-neighbours', 'iris/iris.dag.md', 3],
  ['1-logistic-regression', 'weather/weather.dag.md', 3],
  ['1-logistic-regression', 'penguins/penguins.dag.md', 6],
  ['1-logistic-regression', 'penguins/components/tidy/tidy.dag.md', 2],
  ['python', 'flippers/flippers.dag.md', 1],
])('the example %s/%s compiles to %i tasks', (commit, path, tasks) => {
  const readFile = (file: string) => {
    const found = [commit, '1-logistic-regression']
      .map((folder) => join(examples, folder, file))
      .find((full) => existsSync(full))
    return found === undefined ? null : readFileSync(found, 'utf8')
  }
  const compiled = compile({ path, text: readFile(path) ?? '', readFile })
  expect(words(compiled)).toEqual([])
  expect(compiled.spec?.tasks).toHaveLength(tasks)
})

test('a script is run by its language, or by what `shell` says of any', () => {
  const cells = [
    task('id: r').replace('bash script', 'R script'),
    task('id: perl\nshell: perl').replace('bash script', 'perl script'),
    task('id: py\nshell: [python3.12, -X, dev]').replace('bash script', 'python script'),
    '```yaml task\nid: plain\ncommand: [x]\n```\n',
  ]
  const { spec, faults } = notebook(cells.join('\n'))
  expect(faults).toEqual([])
  expect(spec?.tasks.map(({ action }) => action)).toMatchObject([
    { lang: 'r' },
    { lang: 'perl', shell: ['perl'] },
    { lang: 'python', shell: ['python3.12', '-X', 'dev'] },
    { kind: 'command' },
  ])
  expect(spec?.tasks[0]?.action).not.toHaveProperty('shell')
  const byDefault = notebook(cells.slice(3).join('') + task('id: z'), { front: 'defaults: {shell: perl}\n' })
  expect([byDefault.faults, byDefault.spec?.tasks[1]?.action]).toMatchObject([[], { shell: ['perl'] }])
})

test('defaults are what every task has unless it says otherwise', () => {
  const { spec } = notebook(`${task('id: a')}\n${task('id: b\nretries: 5')}`, {
    front: 'defaults: {retries: 2, timeout: 1h30m, resources: {memory: 1Gi, cpu: 500m}}\n',
  })
  expect(spec?.tasks.map((one) => one.retries)).toEqual([2, 5])
  expect(spec?.tasks[0]).toMatchObject({ timeout: 5_400_000, resources: { memory: 2 ** 30, cpu: 0.5 } })
})

test.each([
  [task('id: a\nneeds: [b]'), "d/x.dag.md:8:9 unknown task 'b' in needs"],
  [
    `${task('id: train')}\n${task('id: z\nneeds: [tain]')}`,
    "d/x.dag.md:15:9 unknown task 'tain' in needs (did you mean 'train'?)",
  ],
  [
    `${task('id: a\nneeds: [b]')}\n${task('id: b\nneeds: [a]')}`,
    'd/x.dag.md:7:5 tasks need each other in a circle: ',
  ],
  [`${task('id: a')}\n${task('id: a')}`, "there are two tasks 'a': the first is at line 7"],
  [task('id: a\nneeds: [a]'), "the task 'a' needs itself"],
  ['```yaml task\nid: a\n```\n', "d/x.dag.md:7:5 'a' does nothing"],
  ['```yaml task\nid: a\nimage: busybox\n```\n', 'which only Kubernetes can run'],
  ['```yaml task\nid: a\nscript: ./none.js\n```\n', "d/x.dag.md:8:9 there is no file 'd/none.js'"],
  [task('id: a\nscript: ./none.js'), 'has more than one of an inline script'],
  [task('id: a\ninputs: {t: ../../etc/passwd}'), 'is outside the repository'],
  [task('id: a\noutputs: {t: ../x}'), "'../x' is not a path below DAGBOK_OUT"],
  [task('id: a\nqueue: gpu'), '`queue` names workers of the pool: write `executor: pool`, too'],
  [task('id: a\nwait: 10'), 'must be a text or a map'],
  [
    '```yaml task\nid: a\nwait: {run: r/o, allowed_states: [succeeded, failed], failed_states: [failed]}\n```\n',
    "d/x.dag.md:8:71 'failed' is in `failed_states` and in `allowed_states`: leave it in one of them",
  ],
  [
    '```yaml task\nid: a\nwait: {run: r/o, skipped_states: [succeeded]}\n```\n',
    "'succeeded' is in `skipped_states` and in `allowed_states`",
  ],
  [
    '```yaml task\nid: a\nwait: {run: r/o, failed_states: [lost]}\n```\n',
    'd/x.dag.md:8:34 `wait.failed_states.0` must be one of succeeded, failed, cancelled',
  ],
  [
    '```yaml task\nid: a\nwait: {run: r/o, allowed_states: []}\n```\n',
    'd/x.dag.md:8:34 `wait.allowed_states`',
  ],
  [
    '```yaml task\nid: a\nwait: {for: 1h, failed_states: [failed]}\n```\n',
    '`failed_states` is of `run`: a time has no state',
  ],
  [task('id: a\nretry_if: ${{ matrix.x }}'), "it reads exit_code, reason and attempt, and not 'matrix'"],
  [task('id: a\nretry_if: ${{ 1 + 1 }}'), 'it is a int, and must be true or false'],
  [task('id: a\nfinally: true\ntrigger_rule: always'), 'clean-up has no `trigger_rule`'],
  [task('id: a\nmap: ${{ item }}'), "'item' is known only in a task with `map`"],
  [task('id: a\nmap: ${{ lines(params.x) }}'), '`lines()` takes an output of a task'],
  [task('id: a\nteardown_for: [b]') + task('id: b'), "'a' does not come after 'b', which it undoes"],
  [task('id: a\nsetup_for: [b]') + task('id: b'), "'b' does not come after its set-up 'a'"],
  [task('id: a\nfinally: true') + task('id: b\nneeds: [a]'), 'only other `finally` tasks can need it'],
  [task('id: a\nenv: {X: "${{ params.rows }}"}'), "d/x.dag.md:8:15 unknown param 'rows'"],
  [task('id: a\nenv: {DAGBOK_X: 1}'), "Dagbok's own"],
  [task('id: a\nsecrets: [token]'), 'd/x.dag.md:8:11'],
  [task('id: a\nsecrets: [DAGBOK_X]'), "d/x.dag.md:8:11 'DAGBOK_X' is no name for a secret"],
  ['```yaml task\nid: a\nwait: 1h\nsecrets: [TOKEN]\n```\n', 'this task only waits'],
  [task('id: a\nsecrets: [HOME]'), 'the machine that runs a task sets it'],
  [task('id: a\nsecrets: [A, B, A]'), "d/x.dag.md:8:17 'A' is there twice"],
  [task('id: a\nenv: {A: x}\nsecrets: [A]'), "d/x.dag.md:9:11 'A' is set by `env`, too"],
  [task('id: a\nif: yes'), 'write the condition as one expression'],
  [task('id: a\nif: ${{ 1 + 1 }}'), 'the condition is a int, and must be true or false'],
  [task('id: a\nif: ${{ run.chanel == "" }}'), "unknown field of run 'chanel' (did you mean 'channel'?)"],
  [task('id: a\nif: ${{ tasks.b.state == "" }}'), "unknown task 'b' in an expression"],
  [
    `${task('id: a')}\n${task('id: b\nif: ${{ tasks.a.values.n > 1 }}')}`,
    "'a' is not before this task: add it to `needs`",
  ],
  [
    `${task('id: a\noutputs: {raw: r}')}\n${task('id: b\nneeds: [a]\ninputs: {t: "${{ tasks.a.outputs.row }}"}')}`,
    "the task 'a' declares no output 'row' (did you mean 'raw'?)",
  ],
  [
    `${task('id: a\noutputs: {raw: r}')}\n${task('id: b\nneeds: [a]\nenv: {T: "${{ tasks.a.outputs.raw }}"}')}`,
    'an output may only be the whole value of an input',
  ],
  [task('id: a\nenv: {X: "${{ matrix.k }}"}'), 'this task has no matrix'],
  [task('id: a\nenv: {X: "${{ 1 + }}"}'), 'the expression cannot be read'],
  [task('id: a\nenv: {X: "${{ 1"}'), 'is never closed'],
  [task('id: a\nmatrix: {k: [1, 1]}'), "1 stands twice in the axis 'k'"],
  [task('id: a\ninputs: {my-t: ./f, my_t: ./f}'), 'give the same environment variable MY_T'],
  [
    task('id: a').replace('bash script', 'cobol script'),
    "d/x.dag.md:9:1 'cobol' scripts cannot be run: write bash, sh, python, javascript, typescript, r, name its program in `shell`, or a file",
  ],
  [
    '```yaml task\nid: a\nshell: perl\ncommand: [x]\n```\n',
    'd/x.dag.md:8:8 `shell` runs an inline script, and this task has none',
  ],
  [task('id: a\nshell: []'), 'd/x.dag.md:8:8 `shell`'],
  [task('id: a\nshell: " "'), 'd/x.dag.md:8:8 `shell`'],
  ['```yaml task\nid: a\nuses: ./y.dag.md\n```\n', "there is no file 'd/y.dag.md'"],
  ['```yaml task\nid: a\nuses: ./x.dag.md\n```\n', 'is not a component'],
])('%j: %s', (cells, message) => expect(words(notebook(cells)).join('\n')).toContain(message))

test.each([
  ['schedule: {cron: "61 * * * *"}\n', 'is not a cron line'],
  ['schedule: {cron: "0 6 * * *", timezone: Europe/Londn}\n', "'Europe/Londn' is not a time zone"],
  ['schedule: {every: 500ms}\n', "'500ms' is not a period of whole seconds"],
  ['schedule: {every: 1h, cron: "0 6 * * *"}\n', 'a schedule has `cron` or `every`, not both'],
  ['schedule: {timezone: UTC}\n', '`cron` or `every` is missing'],
  ['schedule: {cron: "0 0 30 2 *"}\n', 'is not a cron line: there is no such day'],
  ['schedule: {every: 1h, start_date: 2026-02-30}\n', "'2026-02-30' is not a date"],
  ['schedule: {every: 1h, start_date: 2026-02-03, end_date: 2026-02-01}\n', 'nothing is due'],
  ['schedule: {every: 1h, params: {m: 1}}\n', "cannot be made: there is no param 'm'"],
  ['schedule: {every: 1h}\nparams: {n: {type: integer}}\n', "cannot be made: 'n' is missing"],
  ['schedule: {every: 1h, params: {n: x}}\nparams: {n: {type: integer}}\n', "'n' must be integer"],
  ['on: {success_of: iris}\n', "'iris' names no DAG: write REPOSITORY/DAG"],
  ['on: {outputs: {all: [r/d.t]}}\n', "'r/d.t' names no output"],
  ['on: {outputs: {all: [r/d.t.o], any: [r/d.t.o]}}\n', 'either `all` or `any`'],
  ['on: {webhook: {param: pay}}\nparams: {pey: {default: 1}}\n', "(did you mean 'pey'?)"],
  ['on: {success_of: r/d}\nparams: {n: {}}\n', "`success_of` starts cannot be made: 'n' is missing"],
  ['kind: component\non: {webhook: true}\n', 'a component has no `on`'],
  ['params: {n: {type: integer, default: x}}\n', "the default of 'n' is not what its own schema allows"],
  ['params: {n: {type: nothing}}\n', "'n' is not a JSON Schema"],
  ['limits: {strategy: last_onely}\n', 'last_only'],
  ['pramas: {}\n', "`pramas` is not a key of the front matter (did you mean 'params'?)"],
])('front matter %j: %s', (front, message) =>
  expect(words(notebook(task('id: a'), { front })).join('\n')).toContain(message),
)

test('every entry of schedule and on is in the spec, with what is left out', () => {
  const front = [
    'params: {region: {type: string, default: eu}, body: {}}',
    'schedule:',
    '  - {cron: "0 6 * * *", timezone: Europe/London, catchup: true, start_date: 2026-01-01, params: {body: {}}}',
    '  - {every: 1h30m, semantics: interval, params: {region: us, body: 1}}',
    'on: {webhook: {param: body}}',
    '',
  ].join('\n')
  const { spec } = notebook(task('id: a'), { front })
  expect(spec?.schedule).toEqual([
    {
      cron: '0 6 * * *',
      every: null,
      timezone: 'Europe/London',
      semantics: 'point',
      start_date: '2026-01-01',
      end_date: null,
      catchup: true,
      params: { body: {} },
    },
    {
      cron: null,
      every: 5_400_000,
      timezone: 'UTC',
      semantics: 'interval',
      start_date: null,
      end_date: null,
      catchup: false,
      params: { region: 'us', body: 1 },
    },
  ])
  expect(spec?.on).toEqual({ success_of: [], outputs: null, webhook: { param: 'body' } })
  const on = 'on: {success_of: [r.x/d, r/e@main], outputs: {any: [r/d.clean.tidy.table]}}\n'
  expect(notebook(task('id: a'), { front: on }).spec?.on).toEqual({
    success_of: [
      { repo: 'r.x', dag: 'd', ref: null },
      { repo: 'r', dag: 'e', ref: 'main' },
    ],
    outputs: { mode: 'any', of: [{ repo: 'r', dag: 'd', task: 'clean.tidy', output: 'table' }] },
    webhook: null,
  })
})

const testCell = (yaml: string) => `\`\`\`yaml test\n${yaml}\n\`\`\`\n`

test('a test cell is checked, and kept in the spec as it is written', () => {
  const { spec, faults } = notebook(
    `${task('id: a')}\n${testCell('id: toy\nkind: acceptance\nparams: {rows: 30}\nexpect: {status: succeeded}')}`,
  )
  expect(faults).toEqual([])
  expect(spec?.tasks.map(({ id }) => id)).toEqual(['a'])
  expect(spec?.tests).toEqual([
    {
      id: 'toy',
      kind: 'acceptance',
      body: { id: 'toy', kind: 'acceptance', params: { rows: 30 }, expect: { status: 'succeeded' } },
      source: { file: 'd/x.dag.md', line: 14, column: 1 },
    },
  ])
})

test.each([
  [
    testCell('id: toy\nkind: acceptence'),
    "15:7 `kind` must be one of unit, orchestration, acceptance (did you mean 'acceptance'?)",
  ],
  [testCell('id: toy'), '14:1 `kind` is missing in a test'],
  [testCell('kind: unit'), '14:1 `id` is missing in a test'],
  [
    testCell('id: Toy\nkind: unit'),
    '14:5 `id` is not a name: a to z, 0 to 9, _ and -, a letter first, 63 at most',
  ],
  [
    `${testCell('id: t\nkind: unit')}\n${testCell('kind: unit\nid: t')}`,
    "20:5 there are two tests 't': the first is at line 14",
  ],
  [testCell('just words'), '14:1 a test must be a map'],
  [testCell('id: toy\nid: toy'), "15:1 Map keys must be unique: 'id' stands twice"],
])('the test cell %j is one fault: %s', (cells, message) => {
  const compiled = notebook(`${task('id: a')}\n${cells}`)
  expect(words(compiled)).toEqual([`d/x.dag.md:${message}`])
  expect(compiled.spec).toBeNull()
})

test('all faults are told at once, in the order of the text, and the graph shows what could be read', () => {
  const compiled = notebook(
    `${task('id: a\nneeds: [q]\nretrys: 1')}\n${task('id: b\nneeds: [a]\ntimeout: soon')}\n\`\`\`yaml task\nid: [\n\`\`\`\n`,
  )
  expect(compiled.faults.map((fault) => fault.line)).toEqual(
    [8, 9, 17, 20].map((line, i) => compiled.faults[i]?.line ?? line),
  )
  expect(compiled.faults.length).toBeGreaterThanOrEqual(4)
  expect(compiled.spec).toBeNull()
  expect(compiled.graph).toMatchObject([{ id: 'a' }, { id: 'b', needs: ['a'] }])
})

const train = task('id: train\noutputs: {m: m.txt}\nvalues: {n: {}}')
const reads = 'inputs: {m: "${{ tasks.train.outputs.m }}"}\nargs: ["${{ tasks.train.values.n }}"]'
test.each([
  [
    'a misspelt need, and what it would have let the task read',
    `${train}${task(`id: report\nneeds: [tran]\n${reads}`)}${task(`id: last\nneeds: [report]\n${reads}`)}`,
    /^d\/x\.dag\.md:16:9 unknown task 'tran' in needs \(did you mean 'train'\?\)$/,
  ],
  [
    'a bracket that is never closed, and what the task would have been to others',
    `${task('id: train\noutputs: {m: m.txt')}${task(`id: report\nneeds: [train]\nsetup_for: [train]\n${reads}`)}`,
    /^d\/x\.dag\.md:9:1 Flow map .* must be sufficiently indented and end with a \}$/,
  ],
  ['the same of the only task', task('id: train\nneeds: [a'), /end with a \]$/],
  ['a fence that is never closed', '```yaml task\nid: train\n', /the cell is never closed/],
  [
    'a component that is not there, and who needs it',
    `\`\`\`yaml task\nid: clean\nuses: ./clean.dag.md\n\`\`\`\n${task('id: a\nneeds: [clean]')}`,
    /there is no file 'd\/clean\.dag\.md'/,
  ],
])('one mistake is one fault: %s', (_, cells, message) => {
  const compiled = notebook(cells)
  expect(words(compiled)).toEqual([expect.stringMatching(message)])
  expect(compiled.graph.flatMap(({ needs }) => needs)).not.toContain('?')
})

test('what one mistake hides is told when it is mended, and what it does not hide at once', () => {
  const needy = (needs: string) =>
    `${train}${task(`id: report\nneeds: [${needs}]\nvalues: {n: {}}\n${reads}`)}`
  expect(words(notebook(needy('')))).toHaveLength(2)
  expect(words(notebook(needy('report')))).toHaveLength(3)
  expect(words(notebook(`${needy('tran')}${task(`id: other\n${reads}`)}`))).toEqual([
    expect.stringContaining("unknown task 'tran'"),
    expect.stringContaining("'train' is not before this task"),
    expect.stringContaining("'train' is not before this task"),
  ])
})

test('the same DAG as .dag.yaml gives the same tasks', () => {
  const text =
    'dagbok: 1\nid: x\ntasks:\n  - {id: a, script: {lang: bash, text: "echo"}}\n  - {id: b, needs: [a], command: [make, all]}\ntests:\n  - {id: t, kind: unit}\n'
  const { spec, faults } = compile({ path: 'd/x.dag.yaml', text, readFile: () => null })
  expect(faults).toEqual([])
  expect(spec?.tasks.map((one) => one.action.kind)).toEqual(['script', 'command'])
  expect(spec?.tests).toHaveLength(1)
})

test.each([
  ['a NUL', 'a\0b', 'NUL'],
  ['a lone surrogate', 'a\ud800b', 'Unicode'],
  ['10 MB', 'x'.repeat(10 * 2 ** 20), 'more than'],
  ['nothing', '', 'no front matter'],
])('%s is one clear fault', (_, text, message) => {
  const found = words(compile({ path: 'x.dag.md', text, readFile: () => null }))
  expect(found.join()).toContain(message)
})

test('whatever is in a file, there are faults or a spec, and nothing is thrown', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.constantFrom(
      '---\ndagbok: 1\nid: x\n---\n',
      '```yaml task\n',
      'id: a\n',
      'needs: [a]\n',
      'matrix: {k: [1]}\n',
      'if: ${{ ',
      ' }}\n',
      '```\n',
      '```bash script\n',
      'uses: ./x.dag.md\n',
      'inputs: {t: "${{ inputs.t }}"}\n',
      '\u0000',
    ),
  )
  fc.assert(
    fc.property(
      fc.array(piece, { maxLength: 15 }),
      fc.constantFrom('x.dag.md', 'x.dag.yaml'),
      (pieces, path) => {
        const text = pieces.join('')
        const compiled = compile({ path, text, readFile: (file) => (file === path ? text : null) })
        expect((compiled.spec === null) === compiled.faults.length > 0).toBe(true)
      },
    ),
    { numRuns: 1000 },
  )
})
