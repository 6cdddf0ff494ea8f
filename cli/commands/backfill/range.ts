/** Which dates a backfill is of: the options that `create` and `preview` share. */
import { InvalidArgumentError, Option, type Command } from 'commander'
import { backfillOrders, reprocessings } from '#server/domain/schedule/backfill.ts'

export interface RangeOptions {
  from: string
  to: string
  version?: string
  schedule?: number
  reprocess: string
  order: string
}

/** @throws InvalidArgumentError */
export function countOf(text: string): number {
  const count = Number(text)
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('Give a number from 1 on.')
  return count
}

/** @throws InvalidArgumentError */
function offsetOf(text: string): number {
  const offset = Number(text)
  if (!Number.isInteger(offset) || offset < 0) throw new InvalidArgumentError('Give a number from 0 on.')
  return offset
}

export interface PageOptions {
  limit: number
  offset: number
}

/** Which of its dates are printed. */
export const withPage = (command: Command): Command =>
  command
    .option('--limit <N>', 'dates that are printed, up to 500', countOf, 100)
    .option('--offset <N>', 'dates before them that are left out', offsetOf, 0)

export const withRange = (command: Command): Command =>
  command
    .requiredOption('--from <DATE>', 'first logical date: 2026-01-31, or 2026-01-31T06:00')
    .requiredOption('--to <DATE>', 'last logical date, included; a date alone is its whole day')
    .option('--version <VERSION>', 'the version to run (default: that of the default branch)')
    .option('--schedule <N>', 'which of its schedules: 1 is the first', countOf)
    .addOption(
      new Option(
        '--reprocess <WHICH>',
        'dates that have a run: leave them, those that failed, or all that ended',
      )
        .choices(reprocessings)
        .default('none'),
    )
    .addOption(
      new Option('--order <WHICH>', 'which dates come first').choices(backfillOrders).default('oldest'),
    )

/** What of them REST asks for. */
export const rangeOf = ({ from, to, version, schedule, reprocess, order }: RangeOptions) => ({
  from,
  to,
  reprocess,
  order,
  ...(version === undefined ? {} : { version }),
  ...(schedule === undefined ? {} : { schedule }),
})
