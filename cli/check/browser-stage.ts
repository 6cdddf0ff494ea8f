/** The browser tests as a stage: skipped, with the reason, where no Chromium starts. */
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { findBrowser } from '../../e2e/fixtures/chromium.ts'
import { root, runTool, type Tally } from './stage.ts'

interface Report {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number }
}

/** What Playwright counted; a run that ends without a report has failed. */
export async function browserStage(): Promise<Tally & { reasons: string[] }> {
  const browser = await findBrowser()
  if (typeof browser === 'string')
    return { passed: 0, failed: 0, skipped: 1, reasons: [`browser tests: ${browser}`] }
  const file = join(root, '.e2e/report.json')
  await rm(file, { force: true })
  const code = await runTool('node_modules/@playwright/test/cli.js', [
    'test',
    '--config',
    'e2e/playwright.config.ts',
  ])
  const { stats } = JSON.parse(await readFile(file, 'utf8')) as Report
  const failed = stats.unexpected + stats.flaky
  return {
    passed: stats.expected,
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: stats.skipped,
    reasons: [],
  }
}
