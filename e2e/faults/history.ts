/**
 * The judge of the fleet: what the database says of every attempt, beside a ledger outside the product to which each
 * attempt's code appends `ATTEMPT-ID NANOSECONDS` when it starts.
 */
import type { Database } from '#db/client.ts'
import type { Sql } from '#db/sql.ts'
import { insist } from './until.ts'

interface AttemptRow {
  id: string
  state: string
  name: string
  /** ms since 1970. */
  created: number
  gate: number | null
  ended: number | null
  cancel_asked: number | null
  run_ended: number | null
  pool: string | null
  /** `process` or `pool`. */
  executor: string
}

/** Ids of attempts whose code started, with the ms at which each start was. */
export function startsOf(ledger: string): Map<string, number[]> {
  const starts = new Map<string, number[]>()
  for (const line of ledger.split('\n').filter((one) => one !== '')) {
    const [id = '', at = ''] = line.split(' ')
    starts.set(id, [...(starts.get(id) ?? []), Number(at) / 1e6])
  }
  return starts
}

export const attemptRows = (db: Database): Promise<AttemptRow[]> =>
  db.client<AttemptRow[]>`
    select a.id, a.state::text, r.number || ' ' || t.task || coalesce('[' || t.key || ']', '') || ' ' || a.n as name,
      extract(epoch from a.created_at)::float8 * 1000 as created, extract(epoch from a.started_at)::float8 * 1000 as gate, extract(epoch from a.ended_at)::float8 * 1000 as ended,
      extract(epoch from r.cancel_requested_at)::float8 * 1000 as cancel_asked, extract(epoch from r.ended_at)::float8 * 1000 as run_ended, t.pool, a.executor::text
    from attempt a join task_run t on t.id = a.task_run_id join run r on r.id = a.run_id`

/** Runs that have not ended; asked again while the database is away. */
export const openRuns = (sql: Sql): Promise<number> =>
  insist(async () => {
    const [row] = await sql<{ n: number }[]>`select count(*)::int as n from run where ended_at is null`
    return row?.n ?? 0
  })

/** Ends within the same ms are no overlap. */
function most(spans: readonly { from: number; to: number }[]): number {
  const steps = spans.flatMap(({ from, to }) => [
    { at: from, by: 1 },
    { at: to, by: -1 },
  ])
  let now = 0
  let highest = 0
  for (const { by } of steps.toSorted((a, b) => a.at - b.at || a.by - b.by))
    highest = Math.max(highest, (now += by))
  return highest
}

/** ms that code which was let go before its worker was killed may still take to get to its first line. */
const slackMs = 1000

function ofAttempt(row: AttemptRow, starts: readonly number[]): string[] {
  const faults: string[] = []
  const say = (what: string) => faults.push(`attempt ${row.name}: ${what}`)
  if (starts.length > 1) say(`its code started ${starts.length} times (R1)`)
  if (row.state === 'succeeded' && starts.length === 0) say('it succeeded without its code')
  if (row.gate === null && starts.length > 0) say('its code started without the gate (R1)')
  if (!['succeeded', 'failed', 'lost', 'cancelled'].includes(row.state)) say(`it is still ${row.state} (R2)`)
  if (row.cancel_asked !== null && row.gate !== null && row.gate > row.cancel_asked)
    say('it passed the gate after the cancel was asked (R17)')
  const [start] = starts
  if (row.ended !== null && starts.some((at) => at > (row.ended ?? 0) + slackMs))
    say('its code started after its end (R1)')
  if (row.cancel_asked !== null && row.run_ended !== null && start !== undefined && start > row.run_ended)
    say('its code started after the run was cancelled (R17)')
  return faults
}

/** Everything that is wrong, a sentence each; `slots` of the one pool that tasks name. */
export function judgeAttempts(
  rows: readonly AttemptRow[],
  starts: ReadonlyMap<string, readonly number[]>,
  slots: number,
): string[] {
  const faults = rows.flatMap((row) => ofAttempt(row, starts.get(row.id) ?? []))
  const known = new Set(rows.map(({ id }) => id))
  for (const id of starts.keys()) if (!known.has(id)) faults.push(`code started for no attempt: ${id} (R1)`)
  const inPool = rows.filter(({ pool }) => pool !== null)
  const used = most(inPool.map(({ created, ended }) => ({ from: created, to: ended ?? Infinity })))
  if (used > slots) faults.push(`${used} slots of ${slots} were used at once (R4)`)
  return faults
}

/** What is wrong with runs and task runs once all is quiet. */
export async function judgeRuns(db: Database, acknowledged: readonly string[]): Promise<string[]> {
  const open = await db.client<{ number: number; state: string }[]>`
    select number, state::text from run where ended_at is null or state not in ('succeeded', 'cancelled')`
  const items = await db.client<{ number: number; task: string; state: string; ends: string[] }[]>`
    select r.number, t.task, t.state::text, array(
      select concat_ws(' ', a.n, a.state, a.reason, 'exit ' || a.exit_code, a.signal, a.message)
      from attempt a where a.task_run_id = t.id and a.state <> 'lost' order by a.n) as ends
    from task_run t join run r on r.id = t.run_id
    where t.state not in ('succeeded', 'cancelled') or (r.state = 'succeeded' and t.state <> 'succeeded')`
  const known = await db.client<{ id: string }[]>`select id from run`
  const ids = new Set(known.map(({ id }) => id))
  return [
    ...open.map(({ number, state }) => `run ${number} is ${state} (R2)`),
    ...items.map(
      ({ number, task, state, ends }) =>
        `task ${task} of run ${number} is ${state}${ends.map((end) => `; attempt ${end}`).join('')}`,
    ),
    ...acknowledged.filter((id) => !ids.has(id)).map((id) => `run ${id} was acknowledged and is gone (R14)`),
  ]
}
