/** The browser tests as a stage: skipped, with the reason, where no Chromium starts. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findBrowser } from '../../e2e/fixtures/chromium.ts'
import { firstLine, root, runTool, type Failure, type Tally } from './stage.ts'

interface Spec {
  title: string
  file: string
  line: number
  tests: { status: string; results: { errors: { message?: string }[] }[] }[]
}

interface Suite {
  title: string
  specs: Spec[]
  suites?: Suite[]
}

/** What is used of Playwright's JSON report. */
export interface BrowserReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number }
  suites: Suite[]
  /** Of no test: a file that does not load, say. */
  errors: { message?: string }[]
}

/** Where Playwright writes it, in the checkout. */
const report = '.e2e/report.json'

const failing = new Set(['unexpected', 'flaky'])

function failuresOf(suite: Suite, within: readonly string[]): Failure[] {
  const own = suite.specs.flatMap(({ title, file, line, tests }) =>
    tests
      .filter(({ status }) => failing.has(status))
      .map(({ results }): Failure => ({
        file: `e2e/specs/${file}:${line}`,
        name: [...within, title].join(' > '),
        message: firstLine(results.flatMap(({ errors }) => errors)[0]?.message ?? 'it failed without a word'),
      })),
  )
  return [...own, ...(suite.suites ?? []).flatMap((one) => failuresOf(one, [...within, one.title]))]
}

/** A run that failed without a test that did has failed, too. */
export function tallyOf({ stats, suites, errors }: BrowserReport, code: number): Tally {
  const failures = [
    ...suites.flatMap((suite) => failuresOf(suite, [])),
    ...errors.map(({ message = '' }) => ({ file: null, name: null, message: firstLine(message) })),
  ]
  return {
    passed: stats.expected,
    failed: Math.max(stats.unexpected + stats.flaky, failures.length, code === 0 ? 0 : 1),
    skipped: stats.skipped,
    failures,
  }
}

/** Null where a browser starts, else the tally of a stage that is skipped without one. */
export async function noBrowser(): Promise<Tally | null> {
  const browser = await findBrowser()
  if (typeof browser !== 'string') return null
  return { passed: 0, failed: 0, skipped: 1, failures: [], reasons: [`browser tests: ${browser}`] }
}

/** What Playwright counted in a checkout, having ended with `code`. @throws Error when it ended before it had a report */
export async function tallyIn(checkout: string, code: number): Promise<Tally> {
  const text = await readFile(join(checkout, report), 'utf8').catch(() => null)
  if (text === null) throw new Error(`Playwright ended with ${code} before it had a result`)
  return tallyOf(JSON.parse(text) as BrowserReport, code)
}

/** What Playwright counted; a run that ends without a report has failed. */
export async function browserStage(): Promise<Tally> {
  const skipped = await noBrowser()
  if (skipped !== null) return skipped
  await rm(join(root, report), { force: true })
  const code = await runTool('node_modules/@playwright/test/cli.js', [
    'test',
    '--config',
    'e2e/playwright.config.ts',
  ])
  return tallyIn(root, code)
}
