import fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect, test } from 'vitest'
import { compile, type Compiled } from './compile.ts'
import { formatFault } from './fault.ts'

const yaml = (text: string): Compiled => compile({ path: 'd/x.dag.yaml', text, readFile: () => null })
const markdown = (text: string): Compiled => compile({ path: 'd/x.dag.md', text, readFile: () => null })
const head = 'dagbok: 1\nid: x\n'
const dag = (task: string, front = '') =>
  yaml(`${head}${front}tasks:\n  - {id: a, command: [echo], ${task}}\n`)
const front = (text: string) => yaml(`${head}${text}\ntasks:\n  - {id: a, command: [echo]}\n`)
const nested = (n: number, open: string, close: string) => `${open.repeat(n)}${close.repeat(n)}`
const layers = Array.from(
  { length: 9 },
  (_, i) => `l${i}: &l${i} [${`*l${i - 1}, `.repeat(i === 0 ? 0 : 9)}x]`,
)
const indented = Array.from({ length: 1500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')

const texts: [string, () => Compiled, string][] = [
  ['aliases that would be 9^9 texts', () => yaml(`${head}${layers.join('\n')}\n`), 'anchors and aliases'],
  ['merge keys', () => yaml(`${head}x-a: &a {b: 1}\nx-c: {<<: *a}\n`), 'anchors and aliases'],
  ['10 MB', () => yaml('x'.repeat(10 * 2 ** 20)), 'more than the 2097152'],
  ['a flow list in itself, 100,000 times', () => front(`x-a: ${nested(100_000, '[', ']')}`), 'nested'],
  ['a flow map in itself, 20,000 times', () => front(`x-a: ${nested(20_000, '{a: ', '}')}`), 'nested'],
  ['a block list in itself, 10,000 times', () => front(`x-a:\n  ${'- '.repeat(10_000)}b`), 'nested'],
  [
    'a block map in itself, 1,500 times',
    () => yaml(`${head}x-a:\n${indented.replaceAll(/^/gm, ' ')}\n`),
    'nested',
  ],
  ['a tag that makes things', () => front('x-a: !!js/function "process.exit()"'), 'tag'],
  ['a NUL by escape', () => front('title: "a\\0b"'), 'd/x.dag.yaml:3:8 this text holds a NUL'],
  ['a NUL by escape in a key', () => front('x-a: {"a\\0b": 1}'), 'this text holds a NUL'],
  ['half a character by escape', () => front('title: "a\\ud800b"'), 'half a character'],
  ['a NUL', () => yaml('a\0b'), 'NUL'],
  ['a number beyond all', () => front('x-a: 1e999'), 'JSON can hold'],
  ['infinity', () => front('x-a: .inf'), 'JSON can hold'],
  ['not a number', () => front('x-a: .nan'), 'JSON can hold'],
  ['retries without end', () => dag('retries: 1e308'), 'retries'],
  ['a fraction of a retry', () => dag('retries: 0.5'), 'whole number'],
  [
    'infrastructure retries without end',
    () => dag('infrastructure_retries: 1e300'),
    'infrastructure_retries',
  ],
  ['a timeout beyond all clocks', () => dag('timeout: 99999999999999999999999h'), 'timeout'],
  ['memory beyond all machines', () => dag(`resources: {memory: ${'9'.repeat(400)}Ti}`), 'memory'],
  ['active runs without end', () => front('limits: {max_active_runs: 1e300}'), 'max_active_runs'],
  [
    'an id that is every object’s',
    () => yaml(`${head}tasks:\n  - {id: __proto__, command: [echo]}\n`),
    'is not a name',
  ],
  ['a param that is every object’s', () => front('params: {__proto__: {type: string}}'), '__proto__'],
  ['an output that is every object’s', () => dag('outputs: {__proto__: x}'), '__proto__'],
  ['parentheses, 10,000', () => dag(`env: {X: "\${{ ${nested(10_000, '(', ')')} }}"}`), 'cannot be read'],
  ['noes, 10,000', () => dag(`if: "\${{ ${'!'.repeat(10_000)}true }}"`), 'cannot be read'],
  ['minuses, 10,000', () => dag(`env: {X: "\${{ ${'-'.repeat(10_000)}1 }}"}`), 'cannot be read'],
  ['lists in CEL, 10,000', () => dag(`env: {X: "\${{ ${nested(10_000, '[', ']')} }}"}`), 'cannot be read'],
  [
    'fields of fields, 10,000',
    () => dag(`env: {X: "\${{ params${'.a'.repeat(10_000)} }}"}`),
    'cannot be read',
  ],
  ['ands, 100,000', () => dag(`if: "\${{ ${'true && '.repeat(100_000)}true }}"`), 'cannot be read'],
  [
    'a schema that is itself',
    () => front('params: {n: {$ref: "#", default: 1}}'),
    "'n' is not a JSON Schema",
  ],
  [
    'a schema elsewhere',
    () => front('params: {n: {$ref: "http://127.0.0.1:1/"}}'),
    "'n' is not a JSON Schema",
  ],
  [
    'a pattern that is none',
    () => front('params: {n: {type: string, pattern: "("}}'),
    "'n' is not a JSON Schema",
  ],
  [
    'an absolute script',
    () => (dag('x: 1').spec === null ? yaml(`${head}tasks:\n  - {id: a, script: /etc/passwd}\n`) : dag('')),
    'is outside',
  ],
  [
    'a script with backslashes',
    () => yaml(`${head}tasks:\n  - {id: a, script: '..\\..\\x'}\n`),
    'is outside',
  ],
  ['an output that leaves its folder', () => dag('outputs: {t: a/../../x}'), 'not a path below'],
  ['an output with backslashes', () => dag("outputs: {t: '..\\x'}"), 'not a path below'],
  [
    'a component out of the repository',
    () => yaml(`${head}tasks:\n  - {id: a, uses: ../../x.dag.md}\n`),
    'outside',
  ],
  [
    '100,000 keys that are none',
    () =>
      yaml(
        `${head}tasks:\n  - {id: a, ${Array.from({ length: 100_000 }, (_, i) => `k${i}: 1`).join(', ')}}\n`,
      ),
    'there are more faults',
  ],
  [
    'quotes in quotes, 2,000',
    () => markdown(`---\n${head}---\n\n${'> '.repeat(2000)}a\n`),
    'nested deeper than 64',
  ],
  [
    'lists in lists, 2,000',
    () => markdown(`---\n${head}---\n\n${'- '.repeat(2000)}a\n`),
    'nested deeper than 64',
  ],
  [
    'stars without an end, 5,000',
    () => markdown(`---\n${head}---\n\n${'*a _b '.repeat(5000)}\n`),
    'no tasks',
  ],
  ['brackets without an end, 5,000', () => markdown(`---\n${head}---\n\n${'['.repeat(5000)}\n`), 'no tasks'],
  [
    'fences without an end, 5,000',
    () => markdown(`---\n${head}---\n\n${'```yaml task\n~~~~yaml task\n'.repeat(2500)}`),
    'never closed',
  ],
  [
    'lines that end with CR alone',
    () => markdown(`---\r${head.replaceAll('\n', '\r')}---\r`),
    'd/x.dag.md:1:1',
  ],
]
test.each(texts)('%s: a clear fault, in bounded time', (_, work, message) => {
  const before = process.cpuUsage().user
  const { spec, faults } = work()
  const said = faults.map(formatFault)
  expect(spec).toBeNull()
  expect(said.join('\n')).toContain(message)
  expect(said.length).toBeLessThanOrEqual(1001)
  for (const line of said.slice(0, 20)) expect(line.length).toBeLessThan(1000)
  expect((process.cpuUsage().user - before) / 1000).toBeLessThan(10_000)
})

test('a BOM, CRLF, and names that every object has are nothing special', () => {
  const text = `\ufeff---\ndagbok: 1\nid: constructor\nparams: {constructor: {type: string, default: v}}\n---\n\n\`\`\`yaml task\nid: constructor\noutputs: {constructor: c}\nvalues: {constructor: {type: integer}}\nenv: {A: "\${{ params.constructor }}"}\ncommand: [echo]\n\`\`\`\n\n\`\`\`yaml task\nid: b\nneeds: [constructor]\nif: \${{ tasks.constructor.values.constructor > 1 }}\ninputs: {t: "\${{ tasks.constructor.outputs.constructor }}"}\ncommand: [echo]\n\`\`\`\n`
  for (const one of [text, text.replaceAll('\n', '\r\n')]) {
    const { spec, faults } = markdown(one)
    expect(faults).toEqual([])
    expect(spec?.tasks.map((task) => task.id)).toEqual(['constructor', 'b'])
    expect(spec?.tasks[1]?.inputs['t']).toEqual({
      kind: 'output',
      task: 'constructor',
      output: 'constructor',
    })
  }
  expect(
    markdown(
      text.replace('constructor > 1', 'toString > 1').replace('outputs.constructor', 'outputs.valueOf'),
    ).faults[0]?.message,
  ).toContain("declares no output 'valueOf'")
})

const examples = resolve(import.meta.dirname, '../../../examples/1-logistic-regression')
const valid = ['iris/iris.dag.md', 'penguins/penguins.dag.md', 'weather/weather.dag.md'].map((path) =>
  readFileSync(join(examples, path), 'utf8'),
)

test('whatever is changed in a valid notebook, there is a spec or there are faults, each at a place of it', () => {
  const scrap = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 6 }),
    fc.constantFrom(
      '\0',
      '\ud800',
      '\ufeff',
      '\r',
      '\n',
      '${{',
      '}}',
      '&a ',
      '*a',
      '<<: ',
      '? ',
      '- ',
      ': ',
      '"',
      '|',
      '!!x ',
      '```',
      '---\n',
      '\t',
      '1e999',
      '__proto__',
      '../',
    ),
  )
  const cut = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat(40), put: scrap })
  fc.assert(
    fc.property(fc.constantFrom(...valid), fc.array(cut, { minLength: 1, maxLength: 6 }), (text, cuts) => {
      const changed = cuts.reduce((now, { at, length, put }) => {
        const from = Math.floor(at * now.length)
        return now.slice(0, from) + put + now.slice(from + length)
      }, text)
      const lines = changed.split('\n')
      const { spec, faults } = compile({ path: 'd/x.dag.md', text: changed, readFile: () => '' })
      expect(spec === null).toBe(faults.length > 0)
      for (const { file, line, column } of faults) {
        if (file !== 'd/x.dag.md') continue
        expect(line).toBeLessThanOrEqual(lines.length)
        expect(column).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1)
      }
      // What is stored as JSON must be what Postgres takes.
      expect(JSON.stringify(spec)).not.toMatch(/\\u0000|\\ud[89a-f]/)
    }),
    { numRuns: 400 },
  )
})
