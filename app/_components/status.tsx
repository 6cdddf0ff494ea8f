import type { RunState, TaskRunState, AttemptState } from '#server/domain/run/states.ts'

type State = RunState | TaskRunState | AttemptState

const words: Partial<Record<State, string>> = {
  upstream_failed: 'upstream failed',
  awaiting_input: 'awaiting input',
}
export const stateWords = (state: State): string => words[state] ?? state

/** Shape and colour together: round succeeded, square failed, arc running, ring waiting, dashed skipped, hatched upstream failed. */
export function shapeOf(state: State): string {
  if (state === 'succeeded') return 'ok'
  if (state === 'failed' || state === 'lost') return 'bad'
  if (state === 'running' || state === 'starting' || state === 'submitted') return 'run'
  if (state === 'skipped' || state === 'cancelled') return 'skip'
  if (state === 'upstream_failed') return 'upstream'
  return 'wait'
}

export function StatusDot({ state }: { state: State }) {
  return (
    <span
      className={`dot ${shapeOf(state)}`}
      role="img"
      aria-label={stateWords(state)}
      title={stateWords(state)}
    />
  )
}
