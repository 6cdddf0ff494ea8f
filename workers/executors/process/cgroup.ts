/**
 * A cgroup (v2) for each attempt, below that of this process, where one can be made: the kernel counts what was ever in it,
 * and tells what is left in it, also of processes that left their group or their parent.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { send } from './task-process.ts'

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function findOwn(): string | null {
  const own = /^0::(.*)$/m.exec(read('/proc/self/cgroup'))?.[1]
  const mount = read('/proc/self/mountinfo')
    .split('\n')
    .find((line) => line.includes(' - cgroup2 '))
    ?.split(' ')[4]
  return own === undefined || mount === undefined ? null : join(mount, own)
}

let found: string | null | undefined
/** The cgroup that this process is in, where cgroups of version 2 are mounted; null without. */
const ownCgroup = (): string | null => (found === undefined ? (found = findOwn()) : found)

/** Makes a cgroup for one attempt with its process in it; null where none can be made. */
export async function makeCgroup(attemptId: string, pid: number): Promise<string | null> {
  const parent = ownCgroup()
  if (parent === null) return null
  const path = join(parent, `dagbok-${attemptId}`)
  try {
    await mkdir(path)
  } catch {
    return null
  }
  try {
    await writeFile(join(path, 'cgroup.procs'), String(pid))
    if (existsSync(join(path, 'cpu.stat'))) return path
  } catch {
    // Made, but it takes no process: as good as none.
  }
  removeCgroup(path)
  return null
}

/** One that still holds a dying process is tried once more; what then stays is swept with the next start. */
export function removeCgroup(path: string, again = true): void {
  // Not at once: the kernel takes a millisecond or two.
  rmdir(path).catch(() => again && setTimeout(() => removeCgroup(path, false), 1000).unref())
}

/** Pids of what lives in a cgroup. */
export const membersOf = (cgroup: string): number[] =>
  read(join(cgroup, 'cgroup.procs')).split('\n').filter(Boolean).map(Number)

/** Ends all that is left in the cgroup of an attempt. Resolves when nothing is. */
export async function emptyCgroup(cgroup: string): Promise<void> {
  for (let left = membersOf(cgroup); left.length > 0; left = membersOf(cgroup)) {
    for (const pid of left) send(pid, 'SIGKILL')
    await new Promise((done) => setTimeout(done, 5))
  }
}

/** Cgroups that an earlier life left: call when no attempt runs. */
export function sweepCgroups(): void {
  const parent = ownCgroup()
  if (parent === null || !existsSync(parent)) return
  for (const name of readdirSync(parent)) if (name.startsWith('dagbok-')) removeCgroup(join(parent, name))
}
