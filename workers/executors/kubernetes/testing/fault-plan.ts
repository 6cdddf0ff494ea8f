/** What goes wrong between an API server and a watch, drawn by seed. After `until` nothing does any more. */
import type { Random } from '#workers/simulation/random.ts'

/** Of one answer. */
export type Cut =
  | { kind: 'none' }
  | { kind: 'status'; status: number; retryAfter?: number }
  /** A reset connection instead of an answer. */
  | { kind: 'reset' }
  /** Taken, and never answered. */
  | { kind: 'hang' }
  /** Its version is forgotten: told by the status, or in the stream. */
  | { kind: 'forgotten'; inStream: boolean }
  /** After so many events: the connection is reset, ends, ends in the middle of a line, tells nonsense, or says nothing more. */
  | { kind: 'after'; events: number; how: 'reset' | 'end' | 'half' | 'half_reset' | 'nonsense' | 'freeze' }

export interface FaultPlan {
  /** ms of virtual time. */
  until: number
  /** The worst of it: connections break, and it shows; they fall silent; or what comes is not all, or not in order. */
  worst: 'breaks' | 'silences' | 'lies'
  /** Chance that an event is not sent, is sent twice, is sent later than the next one. */
  drop: number
  double: number
  late: number
  /** Whether no watch is ever let through. */
  isOff: boolean
  /** Chance that a watch, or a list, goes wrong. */
  watches: number
  lists: number
}

export function drawPlan(random: Random): FaultPlan {
  const kind = random.int(0, 9)
  const honest = kind < 5
  return {
    until: 90_000,
    worst: kind < 3 ? 'breaks' : honest ? 'silences' : 'lies',
    drop: honest ? 0 : kind === 5 ? 1 : random.pick([0, 0.1, 0.5, 0.9]),
    double: honest ? 0 : random.pick([0, 0.3]),
    late: honest ? 0 : random.pick([0, 0.3]),
    isOff: kind === 6,
    watches: random.pick([0, 0.3, 0.8, 1]),
    lists: random.pick([0, 0.2, 0.5]),
  }
}

export function drawWatchCut(plan: FaultPlan, random: Random): Cut {
  if (plan.isOff) return { kind: 'status', status: 403 }
  if (!random.chance(plan.watches)) return { kind: 'none' }
  const events = random.int(0, 4)
  const cuts: Cut[] = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 429, retryAfter: random.int(1, 5) },
    { kind: 'reset' },
    { kind: 'forgotten', inStream: random.chance(0.5) },
    { kind: 'after', events, how: random.pick(['reset', 'end', 'half', 'half_reset', 'nonsense'] as const) },
  ]
  const lies: Cut[] = [{ kind: 'hang' }, { kind: 'after', events, how: 'freeze' }]
  return random.pick(plan.worst === 'breaks' ? cuts : [...cuts, ...lies])
}

/** Pages that fail before a list comes to its end; one that hangs counts for all: for more, no bound on its delay can be kept. */
export const mostListFaults = 3

/** @param before faults of this list so far */
export function drawListCut(plan: FaultPlan, random: Random, before: number): Cut {
  if (before >= mostListFaults || !random.chance(plan.lists)) return { kind: 'none' }
  const cuts: Cut[] = [
    { kind: 'status', status: 500 },
    { kind: 'status', status: 429, retryAfter: random.int(1, 2) },
    { kind: 'reset' },
    { kind: 'forgotten', inStream: false },
    { kind: 'after', events: 0, how: random.pick(['half', 'half_reset', 'nonsense'] as const) },
  ]
  return before === 0 && plan.worst !== 'breaks' && random.chance(0.2) ? { kind: 'hang' } : random.pick(cuts)
}
