/** What must not outlive the bench, however it ends: peers in process groups of their own, and their folders. */
import { readFileSync } from 'node:fs'
import { constants } from 'node:os'

const last = new Set<() => void>()

process.on('exit', () => {
  // What was started last may need what was started first.
  for (const work of [...last].toReversed()) {
    try {
      work()
    } catch {
      // It is gone already, and the others still have to go.
    }
  }
})

/** `work` runs when this process ends, unless what is returned was called before. It cannot wait for anything. */
export function atExit(work: () => void): () => void {
  last.add(work)
  return () => void last.delete(work)
}

/** Gone, or a child that ended. True where there is no /proc to ask. */
function hasEnded(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return true
  }
}

/** Sends the signal and holds up everything until it worked, for 5 s at most: for `atExit`. */
export function endNow(pid: number, signal: NodeJS.Signals): void {
  process.kill(pid, signal)
  const clock = new Int32Array(new SharedArrayBuffer(4))
  for (let tries = 0; tries < 100 && !hasEnded(pid); tries++) Atomics.wait(clock, 0, 0, 50)
}

/** Ctrl-C, SIGTERM and SIGHUP end this process in order: by themselves they would leave out what `atExit` was told. */
export function exitOnSignals(): void {
  // Not once: a second signal must not end what the first one began.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => process.exit(128 + constants.signals[signal]))
}
