/** Processes that carry the mark of an attempt in their environment: a task's, also those that left its group. */
import { readdir, readFile } from 'node:fs/promises'

export interface Marked {
  pid: number
  /** Clock ticks since boot: a pid alone may be given anew. */
  start: string
}

/** Those whose environment names this text, `DAGBOK_PARAM_LEDGER=…` say: tasks of one product and no other. */
export async function markedWith(text: string): Promise<Marked[]> {
  const found: Marked[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '')
    if (!/(^|\0)DAGBOK_ATTEMPT_ID=/.test(environment) || !environment.includes(text)) continue
    const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => null)
    if (stat !== null)
      found.push({ pid: Number(name), start: stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '' })
  }
  return found
}

/** Which of `earlier` are still there. */
export async function stillAlive(earlier: readonly Marked[], text: string): Promise<Marked[]> {
  const now = await markedWith(text)
  return earlier.filter((one) => now.some(({ pid, start }) => pid === one.pid && start === one.start))
}

/** SIGKILL to processes that may have ended by themselves meanwhile. */
export function endThem(processes: readonly { pid: number }[]): void {
  for (const { pid } of processes) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It ended by itself.
    }
  }
}
