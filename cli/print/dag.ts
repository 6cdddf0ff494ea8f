/** A DAG in lines. */
import { agoWords } from '#server/domain/words.ts'
import type { DagDetail } from '#server/views/dag.ts'
import { dagWords } from '../client/addresses.ts'
import { dim, plain, toned } from './output.ts'
import { table } from './table.ts'

/** What starts it by itself, one a line. */
function startsText({ schedule, triggers, hook }: DagDetail): string[] {
  const { successOf, outputs, webhook } = triggers
  return [
    ...schedule.map(({ key, words }) => `schedule  ${plain(key)}  ${dim(plain(words))}`),
    ...successOf.map((one) => `success of  ${plain(one)}`),
    ...(outputs === null ? [] : [`publication of ${outputs.mode} of  ${plain(outputs.of.join(', '))}`]),
    ...(webhook ? [`webhook  ${hook === null ? dim('has no secret yet') : plain(hook.url)}`] : []),
  ]
}

/** Dates that are due and have no run yet, and triggers that started nothing, one a line. */
function heldText({ heldDates, refused }: DagDetail, now: number): string[] {
  return [
    ...heldDates.map(({ logicalDate, dates, more, whyNotRunning }) => {
      const others = dates > 1 ? ` and ${dates - 1}${more ? ' or more' : ''} after it` : ''
      return `not run yet  ${logicalDate}${others}: ${plain(whyNotRunning.sentence)}`
    }),
    ...refused.map(
      ({ at, trigger, source, why }) =>
        `started nothing  ${trigger}${source === null ? '' : ` of ${plain(source)}`}, ${agoWords(now - Date.parse(at))}: ${plain(why)}`,
    ),
  ]
}

export function dagText(dag: DagDetail, now: number): string {
  const { ref, title, description, owners, version, paused, lastRuns, nextTicks, defaultBranch } = dag
  const last = lastRuns.at(-1)
  const starts = startsText(dag)
  const ticks = nextTicks.map(({ at, logicalDate, schedule }) => [
    agoWords(now - Date.parse(at)),
    at,
    logicalDate,
    dim(plain(schedule)),
  ])
  return [
    `${dagWords(ref)}${title === null ? '' : `  ${plain(title)}`}`,
    ...(description === null ? [] : [plain(description.trim())]),
    ...(owners.length === 0 ? [] : [`owned by ${plain(owners.join(', '))}`]),
    version === null
      ? `${defaultBranch ?? 'the default branch'} is at no version`
      : `v${version.number} ${dim(version.commit.slice(0, 7))} ${plain(version.subject)}, ${plain(version.author)}`,
    ...(last === undefined ? ['never run'] : [`newest run ${toned(last.state)} #${last.number}`]),
    ...(dag.queued === null ? [] : [plain(`run ${dag.queued.number} is queued: ${dag.queued.sentence}`)]),
    ...(paused === null
      ? []
      : [`paused by ${plain(paused.by ?? 'someone')} ${agoWords(now - Date.parse(paused.at))}`]),
    '',
    ...(starts.length === 0 ? [dim('nothing starts it by itself')] : starts),
    ...heldText(dag, now),
    ...(ticks.length === 0 ? [] : ['', table(['NEXT', 'AT', 'LOGICAL DATE', 'SCHEDULE'], ticks)]),
  ].join('\n')
}
