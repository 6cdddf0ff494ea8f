/** Time and chance, as what speaks to a cluster has them; a test gives its own. */
import { realEffects, type Effects } from '#workers/scheduler/effects.ts'

/** `elapsed`: ms since some moment, never goes back; `after` calls later, and gives what calls it off; `random` is in [0, 1). */
export type Timing = Pick<Effects, 'after' | 'elapsed' | 'random'>
export const realTiming: Timing = realEffects

/** Resolves after `ms`, or when the signal says so. */
export function pause(timing: Timing, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((done) => {
    const over = () => {
      callOff()
      signal.removeEventListener('abort', over)
      done()
    }
    const callOff = timing.after(ms, over)
    if (signal.aborted) over()
    else signal.addEventListener('abort', over)
  })
}

/** What ends with the caller's signal, or after `ms` with the error that `late` gives. `release` is to be called in the end. */
export function bounded(
  timing: Timing,
  ms: number,
  late: () => Error,
  signal: AbortSignal | undefined,
): { signal: AbortSignal; restart: () => void; release: () => void } {
  const own = new AbortController()
  let callOff = timing.after(ms, () => own.abort(late()))
  return {
    signal: signal === undefined ? own.signal : AbortSignal.any([signal, own.signal]),
    /** The time begins anew: for bounds of silence. */
    restart: () => {
      callOff()
      if (!own.signal.aborted) callOff = timing.after(ms, () => own.abort(late()))
    },
    release: () => callOff(),
  }
}

/** Waits before the n-th try again in a row (from 0): twice as long each time, spread so that not everyone comes at once. In ms. */
export const backOff = (
  n: number,
  { first, most }: { first: number; most: number },
  random: () => number,
): number => Math.min(most, first * 2 ** Math.min(n, 30)) * (0.5 + random() / 2)
