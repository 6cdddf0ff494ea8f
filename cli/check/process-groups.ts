/** Programs that each lead a group of processes of their own, so that what they start can be ended with them. */
import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'

/** ms in which a group may end by itself after a Ctrl-C: a stop of the product takes less than 10 s. */
const patience = 20_000

/** Signals a group; 0 only asks. False: no process of it is left. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(-leader, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false
    throw error
  }
}

async function untilGone(leader: number, ms: number): Promise<boolean> {
  for (const end = Date.now() + ms; signalGroup(leader, 0);) {
    if (Date.now() > end) return false
    await new Promise((done) => setTimeout(done, 20))
  }
  return true
}

export class ProcessGroups {
  readonly #leaders: ChildProcess[] = []

  start(file: string, args: string[], options: SpawnOptions): ChildProcess {
    const child = spawn(file, args, { ...options, detached: true })
    this.#leaders.push(child)
    return child
  }

  /**
   * As Ctrl-C in the terminal of each, the newest first; what is still there after that is killed. Also what a leader that
   * is gone has left in its group.
   * @param ms that each has to end by itself
   */
  async end(ms = patience): Promise<void> {
    for (const child of this.#leaders.toReversed()) {
      const { pid } = child
      if (pid === undefined) continue
      const gone =
        child.exitCode === null && child.signalCode === null ? once(child, 'exit') : Promise.resolve()
      signalGroup(pid, 'SIGINT')
      if (!(await untilGone(pid, ms))) signalGroup(pid, 'SIGKILL')
      await gone
    }
  }
}
