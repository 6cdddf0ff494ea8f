import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root, runStage } from './stage.ts'
import { summary } from './summary.ts'
import { runVitest } from './vitest-stage.ts'

let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-failing-'))
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What a run of vitest on these files says in the end, without the times. */
async function said(files: Record<string, string>): Promise<string[]> {
  for (const [name, text] of Object.entries({ 'vitest.config.js': 'export default {}', ...files }))
    await writeFile(join(folder, name), text)
  const config = join(folder, 'vitest.config.js')
  const result = await runStage('unit', () =>
    runVitest(['--root', folder, '--config', config], { output: 'ignore' }),
  )
  return summary([{ ...result, ms: 0 }])
}

const tests = (text: string) => `import { beforeAll, describe, expect, test } from 'vitest'\n${text}`

test('a failed run names each test that failed, and what failed without one', async () => {
  const lines = await said({
    'a.test.js': tests(`
      test('holds', () => {})
      test('is left out', ({ skip }) => skip('no ground'))
      describe('a group', () => test('of two', () => expect(1, 'one\\nis').toBe(2)))`),
    'b.test.js': tests(`throw new TypeError('it does not load')`),
    'c.test.js': tests(`
      describe('set up', () => { beforeAll(() => { throw new Error('no ground') }); test('stands', () => {}) })`),
    'd.test.js': tests(`
      test('ends too early', () => { setTimeout(() => { throw new RangeError('after all') }, 0) })
      test('waits', () => new Promise((done) => setTimeout(done, 50)))`),
  })
  expect(lines.slice(0, 3)).toEqual([
    '',
    '✗ unit            0.0 s  3 passed, 4 failed, 2 skipped',
    '    skipped: is left out: no ground',
  ])
  expect(lines.slice(4, -2).toSorted()).toEqual([
    '',
    '✗ unit a.test.js a group > of two: AssertionError: one',
    '✗ unit b.test.js TypeError: it does not load',
    '✗ unit c.test.js set up: no ground',
    '✗ unit d.test.js an error that no test caught: RangeError: after all',
  ])
  expect(lines.slice(-2)).toEqual(['', '3 passed, 4 failed, 2 skipped'])
})

test('a run of vitest that ends without a result has failed, and says so', async () => {
  const lines = await said({ 'vitest.config.js': 'process.exit(3)' })
  expect(lines.slice(-4)).toEqual([
    '',
    '✗ unit Error: node_modules/vitest/vitest.mjs ended with 3 before it had a result',
    '',
    '0 passed, 1 failed, 0 skipped',
  ])
})
