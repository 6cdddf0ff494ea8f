/** Containers beside `main` whose logs say why an attempt ended as it did. Pure. */
import { couldNotStart } from './container-end.ts'
import { readPod, type ObservedContainer, type Terminated } from './observed.ts'

export interface SideContainer {
  name: string
  /** It was started again since: its log is that of the life before. */
  previous: boolean
}

/** As many as are read of one pod: a patch may add any number. */
const most = 4

/** What could not be started has written nothing. */
const hasFailed = (end: Terminated): boolean => end.exitCode !== 0 && !couldNotStart(end)

function sideOf({ name, state, last }: ObservedContainer, isAwaited: boolean): SideContainer[] {
  if (state.kind === 'terminated') return hasFailed(state) ? [{ name, previous: false }] : []
  if (last !== null && hasFailed(last)) return [{ name, previous: true }]
  return state.kind === 'running' && isAwaited ? [{ name, previous: false }] : []
}

/**
 * Those that have failed, and those that it waits for: one before `main`, and, once that has ended, a sidecar.
 * @param pod as the API server gives it, of whatever shape
 */
export function sideContainers(pod: unknown): SideContainer[] {
  const seen = readPod(pod)
  if (seen === null) return []
  const isOver = seen.main?.state.kind === 'terminated'
  return [
    ...seen.init.flatMap((one) => sideOf(one, true)),
    ...seen.sidecars.flatMap((one) => sideOf(one, isOver)),
    ...seen.others.flatMap((one) => sideOf(one, false)),
  ].slice(0, most)
}
