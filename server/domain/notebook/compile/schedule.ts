/** `schedule`: when a DAG runs by itself. */
import { paramFaults, paramsSchema, withDefaults } from '../../run/params.ts'
import type { Param, Schedule } from '../../dag/spec.ts'
import { cronFault } from '../../schedule/pattern.ts'
import { isZone, readMoment } from '../../schedule/zone.ts'
import { entry, toJson, type Located } from '../located.ts'
import type { SourceDocument } from './document.ts'
import { entriesOf, textOf } from './front-matter.ts'
import { milliseconds } from './units.ts'

/** Schedules of a DAG: each is checked against its params. */
const most = 100

function checkTiming({ report }: SourceDocument, located: Located, timezone: string): void {
  const at = (name: string) => entry(located, name) ?? located
  const [cron, every] = [textOf(located, 'cron'), textOf(located, 'every')]
  if (!isZone(timezone))
    report.add(at('timezone'), `'${timezone}' is not a time zone: write an IANA name such as Europe/London`)
  if (cron !== null && every !== null)
    report.add(at('every'), 'a schedule has `cron` or `every`, not both: write two schedules for two')
  if (cron === null && every === null) report.add(located, '`cron` or `every` is missing in schedule')
  const why = cron === null ? null : cronFault(cron)
  if (why !== null) report.add(at('cron'), `'${cron}' is not a cron line: ${why}`)
  const ms = every === null ? null : milliseconds(every)
  if (ms !== null && (ms < 1000 || ms % 1000 !== 0))
    report.add(at('every'), `'${every}' is not a period of whole seconds: write 30s, 15m or 1h`)
}

function checkDates({ report }: SourceDocument, located: Located, timezone: string): void {
  if (!isZone(timezone)) return
  const read = (name: string) => {
    const text = textOf(located, name)
    const moment = text === null ? null : readMoment(text, timezone)
    if (text !== null && moment === null)
      report.add(
        entry(located, name) ?? located,
        `'${text}' is not a date: write 2026-01-31 or 2026-01-31T06:00:00Z`,
      )
    return moment
  }
  const [start, end] = [read('start_date'), read('end_date')]
  if (start !== null && end !== null && start.first > end.last)
    report.add(entry(located, 'end_date') ?? located, '`end_date` is before `start_date`: nothing is due')
}

/** A run that nobody is asked for must find its params in the schedule or in their defaults. */
function checkGiven(
  { report }: SourceDocument,
  located: Located,
  declared: Record<string, Param>,
  given: Schedule['params'],
): void {
  for (const { message } of givenFaults(declared, given))
    report.add(entry(located, 'params') ?? located, `the runs of this schedule cannot be made: ${message}`)
}

/** What does not fit when these are given. What is no JSON Schema is told where it is declared. */
export function givenFaults(
  declared: Record<string, Param>,
  given: Schedule['params'],
): ReturnType<typeof paramFaults> {
  const schema = paramsSchema({ params: declared })
  try {
    return paramFaults(schema, withDefaults(schema, given))
  } catch {
    return []
  }
}

function readSchedule(document: SourceDocument, located: Located, declared: Record<string, Param>): Schedule {
  const timezone = textOf(located, 'timezone') ?? 'UTC'
  checkTiming(document, located, timezone)
  checkDates(document, located, timezone)
  const params = Object.fromEntries(
    entriesOf(located, 'params').map(([name, value]) => [name, toJson(value)]),
  )
  checkGiven(document, located, declared, params)
  const every = textOf(located, 'every')
  const catchup = entry(located, 'catchup')
  return {
    cron: textOf(located, 'cron'),
    every: every === null ? null : milliseconds(every),
    timezone,
    semantics: textOf(located, 'semantics') === 'interval' ? 'interval' : 'point',
    start_date: textOf(located, 'start_date'),
    end_date: textOf(located, 'end_date'),
    catchup: catchup?.kind === 'scalar' && catchup.value === true,
    params,
  }
}

/** Each entry of `schedule`, in order. */
export function readSchedules(document: SourceDocument, declared: Record<string, Param>): Schedule[] {
  const found = entry(document.front, 'schedule')
  if (found === null || found.kind === 'scalar') return []
  const items = found.kind === 'list' ? found.items : [found]
  if (items.length > most) {
    document.report.add(found, `there are ${items.length} schedules, more than the ${most} that are taken`)
    return []
  }
  return items.map((item) => readSchedule(document, item, declared))
}
