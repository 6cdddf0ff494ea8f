/** What a process tree uses, from /proc. Linux only. */
import { readdir, readFile } from 'node:fs/promises'

const ticksPerSecond = 100

async function stat(pid: number): Promise<string[] | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return text === null ? null : text.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** `pid` and everything below it. */
export async function descendants(pid: number): Promise<number[]> {
  const parents = new Map<number, number>()
  for (const name of await readdir('/proc')) {
    const fields = /^\d+$/.test(name) ? await stat(Number(name)) : null
    if (fields !== null) parents.set(Number(name), Number(fields[1]))
  }
  const found = new Set([pid])
  for (let grew = true; grew;) {
    const before = found.size
    for (const [child, parent] of parents) if (found.has(parent)) found.add(child)
    grew = found.size > before
  }
  return [...found]
}

/** Sum over processes of these fields of their `stat`, in seconds. */
async function secondsOf(pids: readonly number[], fields: readonly number[]): Promise<number> {
  let ticks = 0
  for (const pid of pids) {
    const all = await stat(pid)
    if (all !== null) for (const field of fields) ticks += Number(all[field])
  }
  return ticks / ticksPerSecond
}

/** User and system time of those that live, in seconds. */
export const cpuSeconds = (pids: readonly number[]): Promise<number> => secondsOf(pids, [11, 12])

/** The same, and that of all their children that have ended and were waited for. */
export const cpuSecondsOfAll = (pids: readonly number[]): Promise<number> => secondsOf(pids, [11, 12, 13, 14])

export interface Rest {
  processes: number
  /** PSS in bytes. */
  bytes: number
  /** Processors that were in use, 1 being one of them. */
  cores: number
}

/** What these processes use in the next seconds. */
export async function atRest(pids: readonly number[], seconds: number): Promise<Rest> {
  const before = await cpuSeconds(pids)
  await new Promise((done) => setTimeout(done, seconds * 1000))
  const used = (await cpuSeconds(pids)) - before
  return { processes: pids.length, bytes: await proportionalMemory(pids), cores: used / seconds }
}

/** The one of them whose command line has `word`. @throws when there is not exactly one */
export async function processNamed(pids: readonly number[], word: string): Promise<number> {
  const lines = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')))
  const [found, ...more] = pids.filter((_, i) => lines[i]?.includes(word) === true)
  if (found === undefined || more.length > 0)
    throw new Error(
      `${more.length + (found === undefined ? 0 : 1)} processes have '${word}' in their command line`,
    )
  return found
}

/** Proportional set size in bytes: shared pages are counted once over all. */
export async function proportionalMemory(pids: readonly number[]): Promise<number> {
  let kilobytes = 0
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
    kilobytes += Number(/^Pss:\s+(\d+)/m.exec(text)?.[1] ?? 0)
  }
  return kilobytes * 1024
}
