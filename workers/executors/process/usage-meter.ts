/**
 * What an attempt uses: processor time and the peak of resident memory, of its process and all below it.
 *
 * Where a cgroup (v2) can be made for the attempt, its processor time is exact: the kernel counts whatever was ever in
 * it, also processes that left the group or their parent. Elsewhere `/proc` is looked at while it runs: then it is a
 * lower bound, short by what was used after the last look (`looks`; at most the second half of a short attempt, 0.2 s
 * of a long one) and by processes that nobody waited for. Memory is looked at in both cases: the largest sum that a
 * look found, or the largest peak of one process, which the kernel keeps. Pages that processes share count for each.
 * Without `/proc` (macOS) both are null.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { membersOf, removeCgroup } from './cgroup.ts'

export interface Usage {
  /** User and system, in seconds. */
  cpuSeconds: number | null
  /** Bytes. */
  memoryPeak: number | null
}

/** ms between looks: short at first, so that a short attempt has some; then the last for ever. */
const looks = [4, 8, 16, 32, 64, 128, 200]
const ticksPerSecond = 100

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

const children = (pid: number): number[] => {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
    )
  } catch {
    return []
  }
}

export class UsageMeter {
  readonly #pid: number
  readonly #cgroup: string | null
  readonly #onLook: (bytes: number) => unknown
  /** Those once seen stay watched, also when their parent is gone: pid and when it began. */
  readonly #seen = new Map<number, string>()
  /** A lower bound until it is stopped. */
  readonly usage: Usage = { cpuSeconds: null, memoryPeak: null }
  #timer: NodeJS.Timeout | null = null
  #count = 0

  /**
   * @param pid a process that has not begun yet
   * @param onLook is told the resident bytes of each look
   * @param cgroup null: `/proc` only
   */
  constructor(pid: number, onLook: (bytes: number) => unknown, cgroup: string | null) {
    this.#pid = pid
    this.#cgroup = cgroup
    this.#onLook = onLook
  }

  start(): void {
    const ms = looks[Math.min(this.#count++, looks.length - 1)]
    this.#timer = setTimeout(() => {
      this.#look()
      this.start()
    }, ms)
  }

  /** Call when all of it has ended. */
  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#cgroup === null) return
    const used = /^usage_usec (\d+)$/m.exec(read(join(this.#cgroup, 'cpu.stat')))?.[1]
    const peak = read(join(this.#cgroup, 'memory.peak')).trim()
    if (used !== undefined) this.usage.cpuSeconds = Number(used) / 1e6
    if (peak !== '') this.usage.memoryPeak = Number(peak)
    removeCgroup(this.#cgroup)
  }

  #members(): number[] {
    if (this.#cgroup !== null) return membersOf(this.#cgroup)
    const found = new Set([this.#pid, ...this.#seen.keys()])
    for (const pid of found) for (const child of children(pid)) found.add(child)
    return [...found]
  }

  #look(): void {
    let [ticks, resident, highest, living] = [0, 0, 0, 0]
    for (const pid of this.#members()) {
      const text = read(`/proc/${pid}/stat`)
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
      const began = fields[19] ?? ''
      // A number that was given anew is another process'.
      if (text === '' || (this.#seen.get(pid) ?? began) !== began) {
        this.#seen.delete(pid)
        continue
      }
      this.#seen.set(pid, began)
      living++
      // Its own time, and that of children it has waited for.
      for (const field of fields.slice(11, 15)) ticks += Number(field)
      const status = read(`/proc/${pid}/status`)
      resident += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024
      highest = Math.max(highest, Number(/^VmHWM:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024)
    }
    if (living === 0) return
    const { usage } = this
    usage.cpuSeconds = Math.max(usage.cpuSeconds ?? 0, ticks / ticksPerSecond)
    usage.memoryPeak = Math.max(usage.memoryPeak ?? 0, resident, highest)
    this.#onLook(resident)
  }
}
