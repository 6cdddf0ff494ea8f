import { expect, test } from 'vitest'
import { tallyOf } from './browser-stage.ts'
import { firstLine, type Failure } from './stage.ts'
import { summary } from './summary.ts'

const failed = (name: string, failures: Failure[]) => ({
  name,
  ms: 1234,
  passed: 7,
  failed: failures.length,
  skipped: 0,
  failures,
  reasons: [],
})

test('of a run that holds there are the stages and the closing line', () => {
  expect(summary([failed('lint', []), failed('unit', [])])).toEqual([
    '',
    '✓ lint            1.2 s  7 passed, 0 failed',
    '✓ unit            1.2 s  7 passed, 0 failed',
    '',
    '14 passed, 0 failed, 0 skipped',
  ])
})

test('of very many failures the first are named, and no line is without an end', () => {
  const failures = Array.from({ length: 70 }, (_, i) => ({
    file: 'a.test.ts',
    name: `t${i}`,
    message: 'x'.repeat(5000),
  }))
  const lines = summary([failed('unit', failures)])
  expect(lines.filter((line) => line.startsWith('✗ unit a.test.ts t'))).toHaveLength(50)
  expect(lines).toContain('and 20 more')
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(300)
})

test('a failed browser test is named by its place and its title', () => {
  const results = [{ errors: [{ message: '\u001B[31mError: it is not there\u001B[39m\n  at x' }] }]
  const spec = { title: 'a page', file: 'a.spec.ts', line: 7, tests: [{ status: 'unexpected', results }] }
  const good = { ...spec, title: 'another', tests: [{ status: 'expected', results: [] }] }
  const tally = tallyOf(
    {
      stats: { expected: 1, unexpected: 1, flaky: 0, skipped: 0 },
      suites: [{ title: 'a.spec.ts', specs: [good], suites: [{ title: 'dark', specs: [spec] }] }],
      errors: [{ message: 'b.spec.ts does not load' }],
    },
    1,
  )
  expect(tally).toEqual({
    passed: 1,
    failed: 2,
    skipped: 0,
    failures: [
      { file: 'e2e/specs/a.spec.ts:7', name: 'dark > a page', message: 'Error: it is not there' },
      { file: null, name: null, message: 'b.spec.ts does not load' },
    ],
  })
})

test('the first line of a text is without colours and empty lines', () => {
  expect(firstLine('\n  \u001B[31m\u001B[39m\n \u001B[31mred\u001B[39m one \nnext')).toBe('red one')
})
