/** What `npm test` keeps of a run of vitest, as JSON in the file `--outputFile.tally`; vitest loads it by its path. */
import { writeFile } from 'node:fs/promises'
import { relative } from 'node:path'
import type { Reporter, SerializedError, TestModule, Vitest } from 'vitest/node'
import { firstLine, type Tally } from './stage.ts'

/** Its reasons are the full names of the tests that were skipped, with what those say of it. */
type VitestReport = Required<Tally>

const wordsOf = ({ name, message }: Pick<SerializedError, 'name' | 'message'>): string => {
  const line = firstLine(message)
  return name === undefined || name === 'Error' || line.startsWith(name) ? line : `${name}: ${line}`
}

export default class TallyReporter implements Reporter {
  #file = ''
  #root = ''

  onInit({ config }: Vitest): void {
    const { outputFile } = config
    this.#file = typeof outputFile === 'object' ? (outputFile['tally'] ?? '') : ''
    this.#root = config.root
  }

  async onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): Promise<void> {
    const report: VitestReport = { passed: 0, failed: 0, skipped: 0, failures: [], reasons: [] }
    for (const one of modules) this.#count(one, report)
    for (const error of unhandled) {
      const path = error['VITEST_TEST_PATH']
      report.failures.push({
        file: typeof path === 'string' ? relative(this.#root, path) : null,
        name: 'an error that no test caught',
        message: wordsOf(error),
      })
    }
    report.failed = report.failures.length
    await writeFile(this.#file, JSON.stringify(report))
  }

  #count(file: TestModule, report: VitestReport): void {
    const path = relative(this.#root, file.moduleId)
    const fail = (name: string | null, errors: readonly SerializedError[]) => {
      const message = errors[0] === undefined ? 'it failed without a word' : wordsOf(errors[0])
      report.failures.push({ file: path, name, message })
    }
    if (file.errors().length > 0) fail(null, file.errors())
    for (const suite of file.children.allSuites())
      if (suite.errors().length > 0) fail(suite.fullName, suite.errors())
    for (const test of file.children.allTests()) {
      const { state, errors, note } = { note: undefined, ...test.result() }
      if (state === 'passed') report.passed++
      else if (state === 'failed') fail(test.fullName, errors)
      else {
        report.skipped++
        report.reasons.push(note === undefined ? test.fullName : `${test.fullName}: ${note}`)
      }
    }
  }
}
