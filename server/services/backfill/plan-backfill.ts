/** What a backfill would do with each date of its range, without doing it. */
import { setImmediate } from 'node:timers/promises'
import type { Queryable } from '#db/client.ts'
import { newestRuns } from '#db/queries/backfill.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { databaseNow } from '#db/queries/schedule.ts'
import { specOf, type VersionKey } from '#db/queries/version.ts'
import type { Schedule, Spec } from '../../domain/dag/spec.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { paramsSchema, withDefaults } from '../../domain/run/params.ts'
import { listed, wordsOf } from '../../domain/run/why/sentence.ts'
import { planTick, tickPlans, type TickPlan } from '../../domain/schedule/backfill.ts'
import { ticksOfDates, type Tick } from '../../domain/schedule/ticks.ts'
import { readMoment } from '../../domain/schedule/zone.ts'
import type { BackfillDate, BackfillPreview, Range } from '../../views/backfill.ts'
import type { ServiceContext } from '../context.ts'
import { scheduleOf } from '../schedule/schedule-of.ts'
import { readVersion } from '../version/resolve-version.ts'

/** Dates that one backfill may have. */
export const mostDates = 10_000
/** Dates found before others get their turn: this runs in the web process. */
const inOneGo = 250

export interface Plan {
  versionId: string
  versionNumber: number
  spec: Spec
  key: string
  entry: Schedule
  /** In the order in which runs are made. */
  ticks: (Tick & { plan: TickPlan; run: BackfillDate['run'] })[]
}

function momentOf(text: string, zone: string, which: 'from' | 'to'): { first: number; last: number } {
  const moment = readMoment(text, zone)
  if (moment === null)
    throw new DagbokError(
      'bad_input',
      `'${text}' in \`${which}\` is not a date: write 2026-01-31 or 2026-01-31T06:00.`,
    )
  return moment
}

async function datesOf(entry: Schedule, range: Range, now: Date): Promise<Tick[]> {
  const from = momentOf(range.from, entry.timezone, 'from').first
  const to = momentOf(range.to, entry.timezone, 'to').last
  if (from > to) throw new DagbokError('bad_input', '`to` is before `from`.')
  const ticks: Tick[] = []
  for (const tick of ticksOfDates(entry, new Date(from), new Date(to), now)) {
    ticks.push(tick)
    if (ticks.length % inOneGo === 0) await setImmediate()
    if (ticks.length > mostDates) break
  }
  if (ticks.length > mostDates)
    throw new DagbokError(
      'bad_input',
      `From ${range.from} to ${range.to} are more than ${mostDates} dates: take a shorter range, or several backfills.`,
    )
  return range.order === 'oldest' ? ticks : ticks.toReversed()
}

/** What depends on the past has none when its newest date runs first: the runs before it are made after it. */
function refuseBackwards(spec: Spec, version: number, { order }: Range, dates: number): void {
  const dependent = spec.tasks.filter((task) => task.depends_on_past).map(({ id }) => id)
  if (order !== 'newest' || dates < 2 || dependent.length === 0) return
  throw new DagbokError(
    'bad_input',
    `v${version} of ${spec.id} cannot be filled newest first: ${wordsOf(listed(dependent))} ${dependent.length === 1 ? 'depends' : 'depend'} on the past (\`depends_on_past\`), which would run after it. Take the oldest first.`,
  )
}

/** @throws DagbokError `bad_input`, `not_found` */
export async function planBackfill(
  q: Queryable,
  dag: DagRow,
  { id, number }: VersionKey,
  range: Range,
): Promise<Plan> {
  const spec = await specOf(q, id)
  if (spec === null) throw new DagbokError('not_found', 'There is no such version.')
  const { key, entry } = scheduleOf(spec, number, range.schedule)
  const ticks = await datesOf(entry, range, await databaseNow(q))
  refuseBackwards(spec, number, range, ticks.length)
  const runs = await newestRuns(
    q,
    { dagId: dag.id, schedule: key },
    ticks.map((tick) => tick.logicalDate),
  )
  return {
    versionId: id,
    versionNumber: number,
    spec,
    key,
    entry,
    ticks: ticks.map((tick) => {
      const run = runs.get(tick.logicalDate.getTime()) ?? null
      return { ...tick, plan: planTick(range.reprocess, run?.state ?? null), run }
    }),
  }
}

/** The dry run. `offset` and `limit` choose a page of its dates. @throws DagbokError `not_found`, `bad_input` */
export async function previewBackfill(
  ctx: ServiceContext,
  dag: DagRow,
  range: Range,
  page: { offset: number; limit: number },
): Promise<BackfillPreview> {
  const version = await readVersion(ctx, dag, range.version ?? null)
  const { versionNumber, spec, key, entry, ticks } = await planBackfill(ctx.db, dag, version, range)
  const counts = (plan: TickPlan) => ticks.filter((tick) => tick.plan === plan).length
  return {
    version: versionNumber,
    schedule: key,
    timezone: entry.timezone,
    params: withDefaults(paramsSchema(spec, entry.params), {}),
    dates: ticks.length,
    plans: Object.fromEntries(tickPlans.map((plan) => [plan, counts(plan)])) as Record<TickPlan, number>,
    page: ticks
      .slice(page.offset, page.offset + page.limit)
      .map(({ logicalDate, intervalStart, intervalEnd, plan, run }) => ({
        logicalDate: logicalDate.toISOString(),
        intervalStart: intervalStart.toISOString(),
        intervalEnd: intervalEnd.toISOString(),
        plan,
        made: false,
        run: run === null ? null : { number: run.number, state: run.state },
        whyNotRunning: null,
      })),
  }
}
