/** One state for a task with several items: while it moves, what moves furthest; then the fold that rules see. */
import { fold } from './rules.ts'
import { terminalTaskRunStates, type TaskRunState, type TerminalTaskRunState } from './states.ts'

const moving = ['running', 'starting', 'retrying', 'queued', 'awaiting_input', 'waiting'] as const

const isTerminal = (state: TaskRunState): state is TerminalTaskRunState =>
  (terminalTaskRunStates as readonly TaskRunState[]).includes(state)

/** @param states of all items, one at least */
export const shownState = (states: readonly TaskRunState[]): TaskRunState =>
  moving.find((state) => states.includes(state)) ?? fold(states.filter(isTerminal))
