/** Backfills in lines. */
import { agoWords } from '#server/domain/words.ts'
import type { TickPlan } from '#server/domain/schedule/backfill.ts'
import type { Backfill, BackfillDate, BackfillPreview } from '#server/views/backfill.ts'
import type { DagRef } from '#server/views/common.ts'
import { dagWords } from '../client/addresses.ts'
import { dim, plain, toned } from './output.ts'
import { table } from './table.ts'

const planWords: Record<TickPlan, string> = {
  run: 'a run',
  has_run: 'has a run',
  has_success: 'has succeeded',
  under_way: 'is under way',
  cancelled: 'cancelled',
}

/** `3 of 5 succeeded, 1 running, 1 to come` */
function progressWords({ progress }: Backfill): string {
  const { dates, skipped, pending, deleted, queued, running, succeeded, failed, cancelled } = progress
  const parts: [number, string][] = [
    [failed, 'failed'],
    [cancelled, 'cancelled'],
    [running, 'running'],
    [queued, 'queued'],
    [pending, 'to come'],
    [deleted, 'made and deleted since'],
    [skipped, 'without a run'],
  ]
  const more = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`)
  return [`${succeeded} of ${dates - skipped} succeeded`, ...more].join(', ')
}

export const backfillTable = (backfills: readonly Backfill[], now: number): string =>
  table(
    ['BACKFILL', 'STATE', 'VERSION', 'FROM', 'TO', 'PROGRESS', 'BY', 'MADE'],
    backfills.map((one) => [
      `#${one.number}`,
      one.state,
      `v${one.version}`,
      plain(one.from),
      plain(one.to),
      progressWords(one),
      plain(one.createdBy ?? ''),
      agoWords(now - Date.parse(one.createdAt)),
    ]),
  )

export const backfillText = (one: Backfill, dag: DagRef, now: number): string =>
  [
    `Backfill ${one.number} of ${dagWords(dag)} is ${one.state}: ${progressWords(one)}`,
    `${plain(one.from)} to ${plain(one.to)}, v${one.version}, ${one.order} first, ${one.concurrency} at once, reprocess ${one.reprocess}`,
    `made by ${plain(one.createdBy ?? 'someone')} ${agoWords(now - Date.parse(one.createdAt))}`,
    ...(one.whyNotRunning === null ? [] : [plain(`the next date: ${one.whyNotRunning.sentence}`)]),
    one.url,
  ].join('\n')

const datesTable = (dates: readonly BackfillDate[]): string =>
  table(
    ['LOGICAL DATE', 'INTERVAL', 'GETS', 'RUN'],
    dates.map(({ logicalDate, intervalStart, intervalEnd, plan, made, run, whyNotRunning }) => [
      logicalDate,
      dim(`${intervalStart} to ${intervalEnd}`),
      planWords[plan],
      [
        run !== null ? `${toned(run.state)} #${run.number}` : made ? dim('deleted since') : '',
        whyNotRunning === null ? '' : dim(plain(whyNotRunning.sentence)),
      ]
        .filter((part) => part !== '')
        .join('  '),
    ]),
  )

/** Dates after the first `offset` of `all`, and how the next ones are asked for. */
export function pageText(dates: readonly BackfillDate[], offset: number, all: number): string {
  const end = offset + dates.length
  if (dates.length === 0) return dim(`There are ${all} dates.`)
  if (offset === 0 && end >= all) return datesTable(dates)
  const more = end < all ? `; the next with --offset ${end}` : ''
  return `${datesTable(dates)}\n${dim(`dates ${offset + 1} to ${end} of ${all}${more}`)}`
}

export function previewText(preview: BackfillPreview, offset: number): string {
  const { version, schedule, timezone, params, dates, plans, page } = preview
  const others = Object.entries(plans)
    .filter(([plan, count]) => plan !== 'run' && count > 0)
    .map(([plan, count]) => `${count} ${planWords[plan as TickPlan]}`)
  return [
    [`${plans.run} of ${dates} dates would get a run of v${version}`, ...others].join(', '),
    dim(`${plain(schedule)} in ${timezone}`),
    ...(Object.keys(params).length === 0 ? [] : [dim(plain(`params ${JSON.stringify(params)}`))]),
    '',
    pageText(page, offset, dates),
  ].join('\n')
}
