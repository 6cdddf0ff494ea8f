/** What must hold when the faults are over and time has gone by: all is over (R2), and every tick had its run (R9). */
import type { KnownDag } from '../people.ts'
import type { Rows, Tables } from '../store/tables.ts'
import type { Checker } from './checker.ts'

const open = <Row extends { endedAt: Date | null }>(rows: Iterable<Row>) =>
  [...rows].filter(({ endedAt }) => endedAt === null)

export const allOver = (tables: Tables): boolean =>
  open(tables.run.values()).length === 0 &&
  open(tables.attempt.values()).length === 0 &&
  ![...tables.intervention.values()].some(({ outcome }) => outcome === null) &&
  ![...tables.schedule.values()].some(({ nextTick }) => nextTick !== null)

export function checkLiveness(checker: Checker, tables: Tables, now: number, codes: number): void {
  const say = (text: string) => checker.broken('R2', now, text)
  for (const { id, state } of open(tables.run.values())) say(`${id} is ${state} and does not end`)
  for (const { id, state, runId } of open(tables.taskRun.values()))
    if (tables.run.get(runId)?.endedAt !== null) say(`${id} is ${state} in ${runId}, which has ended`)
  for (const { id, state } of open(tables.attempt.values())) say(`${id} is ${state} and nobody ends it`)
  for (const { id, outcome } of tables.intervention.values())
    if (outcome === null) say(`${id} is not carried out`)
  if (codes > 0) say(`code of ${codes} attempts still runs`)
}

/** The ticks of a period, by counting: it shares nothing with how the product finds them. */
function ticksIn(every: number, after: number, until: number): number[] {
  const out: number[] = []
  for (let at = (Math.floor(after / every) + 1) * every; at <= until; at += every) out.push(at)
  return out
}

/** @param since when each DAG's schedule was taken over, by the database's clock */
export function checkTicks(
  checker: Checker,
  tables: Tables,
  now: number,
  dags: readonly KnownDag[],
  since: ReadonlyMap<string, number>,
): void {
  for (const { id, first } of dags) {
    const from = since.get(id)
    if (first.ticks === null || from === undefined) continue
    const wanted = ticksIn(first.ticks.every, from, Math.floor(first.ticks.lastMs / 1000) * 1000)
    const dates = (row: Rows['run']) => row.logicalDate?.getTime() ?? 0
    const fired = new Set(
      [...tables.run.values()].filter((row) => row.dagId === id && row.trigger === 'schedule').map(dates),
    )
    const show = (at: number) => new Date(at).toISOString()
    for (const at of fired)
      if (!wanted.includes(at)) checker.broken('R9', now, `${id} ran for ${show(at)}, which is no tick`)
    const due = first.ticks.catchup ? wanted : wanted.slice(-1)
    for (const at of due)
      if (!fired.has(at)) checker.broken('R9', now, `${id} did not run for its tick ${show(at)}`)
  }
}
