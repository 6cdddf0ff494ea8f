/** Why a run has not started: the strategy's own judgement, in words. Pure. */
import { assertNever } from '../../errors/errors.ts'
import { weighAdmission, type Others, type Waiting } from '../admission.ts'
import { whyFull, type FullDisk } from '../../space.ts'
import { listed, moment, say, type Part, type Why } from './sentence.ts'

export interface QueuedRunFacts {
  waiting: Waiting
  others: Others
  repo: string
  dag: string
  /** Numbers of the active ones of `others`, oldest first; not all of very many. */
  activeRuns: readonly number[]
  /** The oldest run that waits before this one. */
  firstWaiting: number | null
  /** The run that failed before it, and was neither recovered nor marked. */
  failedRun: number | null
  cancelling: boolean
  /** When its time in the queue is over; ms since the epoch. */
  dueAt: number | null
  /** The disk that refuses new work. */
  full: FullDisk | null
  /** Processes that schedule and are heard of. */
  schedulers: number
}

export const noScheduler: Why = ['No worker of this Dagbok is alive: nothing starts until one is.']

const runPart = ({ repo, dag }: QueuedRunFacts, number: number): Part => ({
  text: `run ${number}`,
  to: { kind: 'run', repo, dag, number, task: null, key: null },
})

const active = (facts: QueuedRunFacts): Why =>
  listed(
    facts.activeRuns.map((number) => runPart(facts, number)),
    facts.others.active,
  )

function whyHeld(facts: QueuedRunFacts): Why {
  const { strategy, max } = facts.waiting
  const { because } = weighAdmission(facts.waiting, facts.others)
  const by = `strategy ${strategy}`
  switch (because) {
    case 'places':
      return say`${facts.others.active} of ${max} runs of this version of ${facts.dag} are running (max_active_runs ${max}): ${active(facts)}.`
    case 'active':
      return say`It waits for the end of ${active(facts)} (${by}).`
    case 'older':
      return say`It waits behind ${facts.firstWaiting === null ? 'an older run' : runPart(facts, facts.firstWaiting)} (${by}).`
    case 'failed_before':
      return say`${facts.failedRun === null ? 'The run before it' : runPart(facts, facts.failedRun)} failed: it waits until that is recovered (${by}).`
    case 'newer':
      return say`A newer run is due: this one is about to be cancelled (${by}).`
    case null:
      return ['It starts as soon as a scheduler looks.']
    default:
      return assertNever(because)
  }
}

export function whyRunWaits(facts: QueuedRunFacts): Why {
  if (facts.cancelling) return ['It is being cancelled.']
  if (facts.schedulers === 0) return noScheduler
  if (facts.full !== null) return [whyFull(facts.full)]
  const until: Why = facts.dueAt === null ? [] : say` It gives up at ${moment(facts.dueAt)}.`
  return [...whyHeld(facts), ...until]
}
