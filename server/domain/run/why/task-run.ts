/** Why a task run is not running, by what the core itself decides from. Pure. */
import { assertNever } from '../../errors/errors.ts'
import { awaitedRunSchema, type Task } from '../../dag/spec.ts'
import { isShut } from '../decide.ts'
import { cellKey, foldedCell, foldedState, itemAt, nodeAt, type Machine } from '../machine.ts'
import { heldUntil, judgeItem } from '../readiness.ts'
import { shownState } from '../shown-state.ts'
import { isTerminalRun, isTerminalTaskRun, reasons, type RunState, type TaskRunState } from '../states.ts'
import type { ItemRef } from '../work.ts'
import { whyQueued, type QueueFacts } from './queue.ts'
import { listed, moment, say, taskPart, type Part, type Why } from './sentence.ts'

/** A run of another DAG, or an earlier one of the same. */
export interface OtherRun {
  repo: string
  dag: string
  number: number
  state: RunState
}

/** An attempt that was handed out and is not over. */
export interface OpenAttempt {
  n: number
  state: 'created' | 'submitted' | 'running'
  /** The machine of its worker; null when that is not known. */
  host: string | null
  /** ms since the epoch. */
  createdAt: number
  leaseUntil: number | null
  /** What its cluster says holds its pod back, or is wrong with it. */
  held: string | null
  /** Until when its executor waits for its code to start, ms since the epoch; null where it leaves that to the task. */
  startBy: number | null
}

export interface TaskRunFacts {
  machine: Machine
  ref: ItemRef
  task: Pick<Task, 'id' | 'action' | 'depends_on_past' | 'start_timeout'>
  now: number
  /** Why its run has not started; null when it has. */
  run: Why | null
  queue: QueueFacts
  /** The one state in which a task with several items is shown, by node. */
  shown: (node: number) => TaskRunState
  attempt: OpenAttempt | null
  /** The newest run of the logical date before, when `depends_on_past` holds it back. */
  past: OtherRun | null
  /** The newest run that a `wait: {run: …}` waits for, if there is one. */
  awaited: OtherRun | null
  logicalDate: number | null
  /** Who may answer: of the team, so many in all. */
  people: { team: string; names: readonly string[]; all: number }
}

/** Told once per node, and kept: the machine does not move meanwhile. */
export function shownStates(machine: Machine): (node: number) => TaskRunState {
  const told = new Map<number, TaskRunState>()
  return (node) => {
    const known = told.get(node) ?? shownState((machine.items[node] ?? []).map(({ state }) => state))
    told.set(node, known)
    return known
  }
}

const runPart = ({ repo, dag, number }: OtherRun): Part => ({
  text: `${dag} run ${number}`,
  to: { kind: 'run', repo, dag, number, task: null, key: null },
})

const spaced = (state: TaskRunState): string => state.replace('_', ' ')
const plural = (n: number, one: string, more: string): string => (n === 1 ? one : more)

/** Parents, and set-ups, that are not over. */
function openParents({ machine, ref: { node, item }, shown }: TaskRunFacts): Why[] {
  const { parents, setUps } = nodeAt(machine, node)
  const levels = new Map(parents.map((parent) => [parent.node, parent.level]))
  return [...new Set([...parents.map((parent) => parent.node), ...setUps])].flatMap((of) => {
    const { task } = nodeAt(machine, of)
    const level = levels.get(of) ?? null
    if (level !== null) {
      const cell = cellKey(machine, { node, item }, level)
      if (foldedCell(machine, of, level, cell) !== null) return []
      const its = nodeAt(machine, of).joins[level]?.cells.get(cell) ?? []
      const state = shownState(its.map((one) => itemAt(machine, of, one).state))
      return [say`${taskPart(task, machine.keys[of]?.[its[0] ?? 0] ?? null)} (${spaced(state)})`]
    }
    if (foldedState(machine, of) !== null) return []
    return [say`${taskPart(task, machine.keys[of]?.[0] ?? null)} (${spaced(shown(of))})`]
  })
}

function whyRuleWaits(facts: TaskRunFacts): Why {
  const { machine, ref } = facts
  const { role, rule } = nodeAt(machine, ref.node)
  if (role === 'finally')
    return say`It runs at the end: ${machine.ordinaryLeft} other task ${plural(machine.ordinaryLeft, 'run has', 'runs have')} not ended.`
  const open = openParents(facts)
  const by = role === 'teardown' ? ', to clean up' : rule === 'all_success' ? '' : ` (trigger rule ${rule})`
  return say`It waits for ${listed(open)}${by}.`
}

/** Its rule holds, and the shell was asked whether it may go on. */
function whyAsked({ machine, ref, past, task }: TaskRunFacts): Why {
  const { heldAt } = itemAt(machine, ref.node, ref.item)
  const last = heldAt === null ? '' : ` It gives up at ${moment(heldUntil(machine, ref.node, heldAt))}.`
  if (past !== null)
    return say`It waits until ${task.id} has succeeded in the run before, ${runPart(past)} (${past.state}): it depends on the past.${last}`
  return machine.expanded[ref.node] === true
    ? ['Its conditions are being looked at.']
    : ['What it is expanded over is being read.']
}

/** The run of another DAG that it waits for, or that there is none. */
function whichRun({ task: { action }, awaited, logicalDate }: TaskRunFacts): Why | null {
  if (action.kind !== 'wait' || action.for.kind !== 'run') return null
  const { dag: name, allowed_states: allowed } = awaitedRunSchema.parse(action.for)
  const [repo = '', dag = ''] = name.split('/')
  const of = logicalDate === null ? '' : ` for ${moment(logicalDate)}`
  if (awaited === null)
    return say`a run of ${{ text: name, to: { kind: 'dag', repo, dag } }}${of}: there is none yet`
  const end = allowed.join() === 'succeeded' ? 'success' : `end (${allowed.join(' or ')})`
  const still = isTerminalRun(awaited.state)
    ? ': one that recovers it, or another of that date, may come'
    : ''
  return say`the ${end} of ${runPart(awaited)}${of}, which is ${awaited.state}${still}`
}

function whyWaits(facts: TaskRunFacts): Why {
  const { machine, ref } = facts
  const { way, policy } = nodeAt(machine, ref.node)
  const { dueAt, readyAt } = itemAt(machine, ref.node, ref.item)
  const begun = readyAt ?? facts.now
  if (way.kind !== 'wait') {
    const last = begun + (policy.poll?.timeout ?? 0)
    return say`It was not ready: the next probe is at ${moment(dueAt ?? facts.now)}. It gives up at ${moment(last)}.`
  }
  const last = moment(begun + way.timeout)
  const ends = way.onTimeout === 'fail' ? 'fails' : 'is skipped'
  const which = whichRun(facts)
  if (which === null) return say`It waits until ${moment(dueAt ?? facts.now)}.`
  return say`It waits for ${which}. Without it, it ${ends} at ${last}.`
}

function whyAwaits({ machine, ref, people }: TaskRunFacts): Why {
  const { way } = nodeAt(machine, ref.node)
  const { dueAt } = itemAt(machine, ref.node, ref.item)
  const who = people.all === 0 ? ['nobody'] : listed([...people.names], people.all)
  const ends = way.kind === 'attempt' || way.onTimeout === 'fail' ? 'fails' : 'is skipped'
  const until = dueAt === null ? '' : ` Without an answer it ${ends} at ${moment(dueAt)}.`
  return say`It waits for a person's answer: ${who} of team ${people.team} may give it.${until}`
}

/** By when it must have started; '' where nothing bounds that. */
function startBound(
  { createdAt, startBy }: OpenAttempt,
  { start_timeout: own }: TaskRunFacts['task'],
): string {
  if (startBy === null) return own === null ? '' : ` It must have started by ${moment(createdAt + own)}.`
  const usual = own === null ? ', the usual bound of a pod: its task says no `start_timeout`' : ''
  return ` It must have started by ${moment(startBy)}${usual}.`
}

function whyStarts({ attempt, task, now }: TaskRunFacts): Why {
  if (attempt === null) return ['Its attempt is being handed to a worker.']
  const { n, host, leaseUntil, state, held } = attempt
  const where = host === null ? 'its worker' : `the worker on ${host}`
  if (leaseUntil !== null && leaseUntil < now)
    return say`Attempt ${n}: ${where} has not been heard of since its lease ended at ${moment(leaseUntil)}; it counts as lost.`
  const until = startBound(attempt, task)
  if (held !== null) return say`Attempt ${n}: ${held}${until}`
  return state === 'created'
    ? say`Attempt ${n}: ${where} makes its files and inputs ready.${until}`
    : say`Attempt ${n}: ${where} has its process ready, and its start is being recorded.${until}`
}

function whyRetries({ machine, ref }: TaskRunFacts): Why {
  const { attempts, dueAt, reason, message } = itemAt(machine, ref.node, ref.item)
  const why = message ?? (reason === null ? 'It did not succeed.' : reasons[reason])
  const when = dueAt === null ? 'soon' : `at ${moment(dueAt)}`
  return say`Attempt ${attempts} did not succeed; the next starts ${when}. ${why}`
}

/** null when it runs and nothing is wrong with that, or it is over. */
export function whyTaskRunWaits(facts: TaskRunFacts): Why | null {
  const { machine, ref, attempt } = facts
  const { state, readyAt } = itemAt(machine, ref.node, ref.item)
  if (isTerminalTaskRun(state)) return null
  // Of a pod the start gate is passed before its own image is there.
  if (state === 'running')
    return attempt === null || attempt.held === null ? null : say`Attempt ${attempt.n}: ${attempt.held}`
  if (isShut(machine, ref.node)) return ['Its run is being ended.']
  if (facts.run !== null) return say`Its run has not started. ${facts.run}`
  switch (state) {
    case 'waiting':
      if (readyAt !== null) return whyWaits(facts)
      return judgeItem(machine, ref) === 'wait' ? whyRuleWaits(facts) : whyAsked(facts)
    case 'queued':
      return whyQueued(facts.queue)
    case 'starting':
      return whyStarts(facts)
    case 'retrying':
      return whyRetries(facts)
    case 'awaiting_input':
      return whyAwaits(facts)
    default:
      return assertNever(state)
  }
}

/** States in which something else than a task of the same run is waited for, the most telling first. */
const telling = ['awaiting_input', 'retrying', 'queued', 'waiting'] as const

/** Of a running run of which nothing runs now: what it waits for. null when something runs. */
export function whyNothingRuns(
  rows: readonly { task: string; key: string | null; state: TaskRunState; due: boolean; why: Why | null }[],
): Why | null {
  if (rows.some(({ state }) => state === 'running' || state === 'starting')) return null
  const open = telling.flatMap((state) => rows.filter((row) => row.state === state))
  const first = open.find(({ state, due }) => state !== 'waiting' || due) ?? open[0]
  if (first === undefined || first.why === null) return null
  return say`Nothing of it runs now. ${taskPart(first.task, first.key)}: ${first.why}`
}
