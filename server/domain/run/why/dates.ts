/** Why a date that is due has no run yet: of a schedule, or of a backfill. By what the core itself decides from. Pure. */
import { assertNever } from '../../errors/errors.ts'
import type { BackfillOrder } from '../../schedule/backfill.ts'
import { weighDate, weighTicks, type BackfillUse, type DueTicks } from '../../schedule/hold.ts'
import { noScheduler } from './run.ts'
import { listed, say, type Part, type Why } from './sentence.ts'

interface Place {
  repo: string
  dag: string
  /** Processes that schedule and are heard of. */
  schedulers: number
}

const runPart = ({ repo, dag }: Place, number: number): Part => ({
  text: `run ${number}`,
  to: { kind: 'run', repo, dag, number, task: null, key: null },
})

export interface TickFacts extends DueTicks, Place {
  /** Some of those that are queued, oldest first. */
  queuedRuns: readonly number[]
}

/** Of a schedule whose next tick is due. */
export function whyTickWaits(facts: TickFacts): Why {
  const { dag, catchup, most, queued, queuedRuns } = facts
  const { because } = weighTicks(facts)
  switch (because) {
    case 'paused':
      return catchup
        ? say`${dag} is paused: each date since then gets its run when it is resumed.`
        : say`${dag} is paused: the newest date gets its run when it is resumed.`
    case 'queue': {
      const runs = queuedRuns.map((number) => runPart(facts, number))
      const wait =
        queued === 1
          ? `1 scheduled run of this version of ${dag} waits for its start`
          : `${queued} scheduled runs of this version of ${dag} wait for their start`
      return say`${wait}, as many as may (max_active_runs ${most}): ${listed(runs, queued)}. The next date gets its run when ${queued === 1 ? 'it' : 'one of them'} starts.`
    }
    case null:
      return facts.schedulers === 0 ? noScheduler : ['A scheduler makes its run in a moment.']
    default:
      return assertNever(because)
  }
}

export interface DateFacts extends BackfillUse, Place {
  /** The backfill's number. */
  number: number
  order: BackfillOrder
  /** Some of its active runs, oldest first. */
  activeRuns: readonly number[]
  /** Why the first of them has not started; null when it has. */
  first: Why | null
}

/** `3 dates of backfill 2 come first (oldest first)` */
const firstOf = (before: number, of: string, order: BackfillOrder): string =>
  `${before === 1 ? `1 date of ${of} comes` : `${before} dates of ${of} come`} first (${order} first)`

/** Of a date of a backfill that is to have a run; `before` of its dates come first. null: no run is made of it any more. */
export function whyDateWaits(facts: DateFacts, before: number): Why | null {
  const { number, order, concurrency, active, activeRuns, first } = facts
  const { because, room } = weighDate(facts, before)
  const turn = before === 0 ? '' : ` ${firstOf(before, 'it', order)}.`
  switch (because) {
    case 'over':
      return null
    case 'paused':
      return say`Backfill ${number} is paused: it goes on when somebody resumes it.`
    case 'places': {
      const runs = activeRuns.map((one) => runPart(facts, one))
      const held: Why = first === null || runs[0] === undefined ? [] : say` ${runs[0]} is queued: ${first}`
      return say`${active} of ${concurrency} runs of backfill ${number} are under way (concurrency ${concurrency}): ${listed(runs, active)}.${turn}${held}`
    }
    case 'order':
      return facts.schedulers === 0
        ? noScheduler
        : say`${firstOf(before, `backfill ${number}`, order)}, and ${room} may have a run now.`
    case null:
      return facts.schedulers === 0 ? noScheduler : ['A scheduler makes its run in a moment.']
    default:
      return assertNever(because)
  }
}
