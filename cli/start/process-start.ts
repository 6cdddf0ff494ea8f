import { readFile } from 'node:fs/promises'

/** When a process began, in clock ticks since boot; null when there is none. A number alone may have been given anew. */
export async function startOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text !== null) return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
  try {
    process.kill(pid, 0)
    return process.platform === 'linux' ? null : 'alive'
  } catch {
    return null
  }
}
