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

/** User and system time of those that live, in seconds. */
export async function cpuSeconds(pids: readonly number[]): Promise<number> {
  let ticks = 0
  for (const pid of pids) {
    const fields = await stat(pid)
    if (fields !== null) ticks += Number(fields[11]) + Number(fields[12])
  }
  return ticks / ticksPerSecond
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
