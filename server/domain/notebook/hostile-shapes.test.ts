import { expect, test } from 'vitest'
import { compile, type Compiled } from './compile.ts'

const cpu = () => process.cpuUsage().user / 1000

/** A `.dag.yaml` of `n` tasks, each line as `line` says. */
const dagOf = (n: number, line: (i: number) => string, front = '') =>
  `dagbok: 1\nid: x\n${front}tasks:\n${Array.from({ length: n }, (_, i) => `  - {${line(i)}}\n`).join('')}`
const compiled = (text: string): Compiled => compile({ path: 'x.dag.yaml', text, readFile: () => null })

/** CPU milliseconds of a compilation, and what it gave. */
function timed(text: string): { ms: number; result: Compiled } {
  const before = cpu()
  const result = compiled(text)
  return { ms: cpu() - before, result }
}

const says = (i: number) => `command: [echo, "${i}"]`
const layer = (i: number) =>
  i < 20 ? '' : Array.from({ length: 20 }, (_, k) => `t${(Math.floor(i / 20) - 1) * 20 + k}`).join(', ')
const read = '"${{ tasks.t0.values.n }}"'

const sound: [string, (i: number) => string][] = [
  ['a chain', (i) => `id: t${i}, needs: [${i === 0 ? '' : `t${i - 1}`}], ${says(i)}`],
  ['one task before all others', (i) => `id: t${i}, needs: [${i === 0 ? '' : 't0'}], ${says(i)}`],
  [
    'layers of twenty, each needing all of the one before',
    (i) => `id: t${i}, needs: [${layer(i)}], ${says(i)}`,
  ],
  [
    'a chain that reads its first task everywhere',
    (i) => (i === 0 ? `id: t0, ${says(0)}` : `id: t${i}, needs: [t${i - 1}], command: [echo, ${read}]`),
  ],
]
test.each(sound)('10,000 tasks, %s: the time grows with the size, not with its square', (_, line) => {
  timed(dagOf(500, line))
  const { ms: small } = timed(dagOf(1000, line))
  const { ms: large, result } = timed(dagOf(10_000, line))
  expect(result.faults).toEqual([])
  expect(result.spec?.tasks).toHaveLength(10_000)
  expect(large).toBeLessThan(30 * Math.max(small, 60))
})

const faulty: [string, (i: number) => string, string][] = [
  [
    'in one circle',
    (i) => `id: t${i}, needs: [t${(i + 1) % 10_000}], command: [echo, ${read}]`,
    'circle: t0 → ',
  ],
  [
    'that all need a task that is not there',
    (i) => `id: t${i}, needs: [x${i}], ${says(i)}`,
    "unknown task 'x0'",
  ],
  ['with one id', (i) => `id: t, needs: [], ${says(i)}`, "there are two tasks 't'"],
  [
    'that read a task which is not before them',
    (i) => `id: t${i}, command: [echo, ${read}]`,
    'is not before',
  ],
  ['with a key that is none', (i) => `id: t${i}, retrys: 1, ${says(i)}`, "did you mean 'retries'?"],
]
test.each(faulty)('10,000 tasks %s: the first thousand faults and not more', (_, line, message) => {
  const { ms, result } = timed(dagOf(10_000, line))
  expect(result.spec).toBeNull()
  expect(result.faults.length).toBeLessThanOrEqual(1001)
  expect(
    result.faults.map((fault) => `${fault.message} (did you mean '${fault.guess}'?)`).join('\n'),
  ).toContain(message)
  expect(ms).toBeLessThan(15_000)
})

test('a matrix of 10,000 items is taken, one of 10,001 is refused, and neither costs their square', () => {
  const axis = (n: number) =>
    `id: a, matrix: {k: [${Array.from({ length: n }, (_, i) => i).join(', ')}]}, command: [echo]`
  const whole = timed(dagOf(1, () => axis(10_000)))
  expect(whole.result.spec?.tasks[0]?.matrix).toHaveLength(10_000)
  expect(whole.ms).toBeLessThan(5000)
  const over = compiled(dagOf(1, () => axis(10_001)))
  expect(over.faults.map((fault) => fault.message)).toEqual(['the matrix has more than 10000 items'])
})

test('axes whose product is beyond all bounds are refused before they are multiplied', () => {
  const list = `[${Array.from({ length: 1000 }, (_, i) => i).join(', ')}]`
  const axes = Array.from({ length: 30 }, (_, i) => `a${i}: ${list}`).join(', ')
  const { ms, result } = timed(dagOf(1, () => `id: a, matrix: {${axes}}, command: [echo]`))
  expect(result.faults[0]?.message).toBe('the matrix has more than 10000 items')
  expect(ms).toBeLessThan(5000)
})

/** 16 components, each using the next one twice: 65,536 tasks from a few lines. */
test('components that double at each level are told to be too many, at once', () => {
  const component = (i: number) =>
    `dagbok: 1\nid: c${i}\nkind: component\ntasks:\n${
      i === 30
        ? '  - {id: a, command: [echo]}\n'
        : `  - {id: a, uses: ./c${i + 1}.dag.yaml}\n  - {id: b, uses: ./c${i + 1}.dag.yaml}\n`
    }`
  const before = cpu()
  const { spec, faults } = compile({
    path: 'x.dag.yaml',
    text: dagOf(1, () => 'id: a, uses: ./c0.dag.yaml'),
    readFile: (path) => component(Number(/\d+/.exec(path)?.[0])),
  })
  expect(spec).toBeNull()
  expect(faults[0]?.message).toContain('more than 20000 tasks')
  expect(faults.length).toBeLessThan(10)
  expect(cpu() - before).toBeLessThan(10_000)
})
