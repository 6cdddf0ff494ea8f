/** The tests of vitest as a stage. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { root, runTool, type Tally } from './stage.ts'
import type { VitestReport } from './vitest-report.ts'

/**
 * Runs vitest with these options. What failed without a test that did (a file that does not load, an error that no test
 * caught) counts as failed, too.
 * @throws Error when it ends without a report
 */
export async function runVitest(
  options: string[],
  output: 'inherit' | 'ignore' = 'inherit',
): Promise<Tally & { reasons: string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-vitest-'))
  try {
    const file = join(folder, 'report.json')
    const code = await runTool(
      'node_modules/vitest/vitest.mjs',
      [
        'run',
        ...options,
        '--reporter=dot',
        `--reporter=${join(root, 'cli/check/vitest-report.ts')}`,
        `--outputFile.tally=${file}`,
      ],
      output,
    )
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text === null) throw new Error(`vitest ended with ${code} before it had a result`)
    const report = JSON.parse(text) as VitestReport
    const failed = Math.max(report.failures.length, code === 0 ? 0 : 1)
    return { ...report, failed }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
