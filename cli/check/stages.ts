/** The stages, in the order in which a mistake is cheapest to find. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { browserStage } from './browser-stage.ts'
import { guardStage } from './guard-stage.ts'
import { runTool, whole, type Tally } from './stage.ts'

export interface Stage {
  name: string
  /** Which commands run it: `npm run verify`, `npm test`, `npm test -- --all` (what CI does). Each runs the ones before, too. */
  from: 'verify' | 'test' | 'all'
  run: () => Promise<Tally & { reasons?: string[] }>
}

const tool =
  (script: string, ...args: string[]) =>
  async () =>
    whole(await runTool(script, args))

interface VitestReport {
  testResults: { assertionResults: { status: string; fullName: string }[] }[]
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numFailedTestSuites: number
}

async function vitest(project: string): Promise<Tally & { reasons: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-vitest-'))
  try {
    const file = join(folder, 'report.json')
    const code = await runTool('node_modules/vitest/vitest.mjs', [
      'run',
      '--project',
      project,
      '--reporter=dot',
      '--reporter=json',
      `--outputFile.json=${file}`,
    ])
    const report = JSON.parse(await readFile(file, 'utf8')) as VitestReport
    const failed =
      report.numFailedTests === 0 && code !== 0
        ? Math.max(1, report.numFailedTestSuites)
        : report.numFailedTests
    const reasons = report.testResults
      .flatMap((file) => file.assertionResults)
      .filter((test) => !['passed', 'failed'].includes(test.status))
    return {
      passed: report.numPassedTests,
      failed,
      skipped: report.numPendingTests,
      reasons: reasons.map((test) => test.fullName),
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

export const stages: Stage[] = [
  {
    name: 'format',
    from: 'verify',
    run: tool('node_modules/prettier/bin/prettier.cjs', '--check', '--log-level=warn', '.'),
  },
  { name: 'lint', from: 'verify', run: tool('node_modules/oxlint/bin/oxlint', '--type-aware', '--quiet') },
  { name: 'types', from: 'verify', run: tool('node_modules/typescript/bin/tsc', '--noEmit') },
  { name: 'unit', from: 'verify', run: () => vitest('unit') },
  { name: 'integration', from: 'verify', run: () => vitest('integration') },
  { name: 'browser', from: 'test', run: browserStage },
  { name: 'faults', from: 'all', run: () => vitest('faults') },
  { name: 'guards', from: 'all', run: guardStage },
]
