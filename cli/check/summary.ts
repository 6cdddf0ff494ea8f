import type { Failure, StageResult } from './stage.ts'

/** Failures that are named, and characters of each line: a record of CI keeps the end of what was printed. */
const most = 50
const widest = 300

const sum = (results: readonly StageResult[], of: 'passed' | 'failed' | 'skipped') =>
  results.reduce((all, result) => all + result[of], 0)

function stageLine({ name, ms, passed, failed, skipped }: StageResult): string {
  const counts = `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
  return `${failed > 0 ? '✗' : '✓'} ${name.padEnd(12)} ${(ms / 1000).toFixed(1).padStart(6)} s  ${counts}`
}

function failureLine(stage: string, { file, name, message }: Failure): string {
  const line = ['✗', stage, ...(file === null ? [] : [file]), ...(name === null ? [] : [`${name}:`]), message]
  return line.join(' ').slice(0, widest)
}

/** The end of what is printed: the stages, what failed in them, and the sum of all in the last line. */
export function summary(results: readonly StageResult[]): string[] {
  const failures = results.flatMap(({ name, failures: own }) => own.map((one) => failureLine(name, one)))
  return [
    '',
    ...results.flatMap((result) => [
      stageLine(result),
      ...result.reasons.map((reason) => `    skipped: ${reason}`),
    ]),
    ...(failures.length > 0 ? ['', ...failures.slice(0, most)] : []),
    ...(failures.length > most ? [`and ${failures.length - most} more`] : []),
    '',
    `${sum(results, 'passed')} passed, ${sum(results, 'failed')} failed, ${sum(results, 'skipped')} skipped`,
  ]
}
