/** The tests of vitest as a stage. */
import { join } from 'node:path'
import { reported, root, type Tally, type ToolOptions } from './stage.ts'

/**
 * Runs vitest with these options. What failed without a test that did (a file that does not load, an error that no test
 * caught) counts as failed, too.
 * @throws Error when it ends without a report
 */
export const runVitest = (options: string[], tool?: ToolOptions): Promise<Tally> =>
  reported(
    'node_modules/vitest/vitest.mjs',
    (file) => [
      'run',
      ...options,
      '--reporter=dot',
      `--reporter=${join(root, 'cli/check/vitest-report.ts')}`,
      `--outputFile.tally=${file}`,
    ],
    tool,
  )
