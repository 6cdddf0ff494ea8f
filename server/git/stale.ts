/**
 * What programs that were killed leave in a repository: locks that would block a ref for ever, quarantine folders, half a
 * pack. They go as soon as no program works in the repository any more; a lock that somebody holds is left alone.
 */
import { lstat, readdir, readFile, readlink, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'

interface Leftover {
  path: string
  /** The file itself: another one may stand there by the time it is removed. */
  inode: number
  modified: number
}

/** Names below the repository that only a running program has a use for. */
const temporary = [
  { folder: '', recursive: false, pattern: /\.lock$|^index\.[0-9a-f-]{36}$/ },
  { folder: 'refs', recursive: true, pattern: /\.lock$/ },
  { folder: 'logs', recursive: true, pattern: /\.lock$/ },
  { folder: 'objects', recursive: false, pattern: /^(tmp_objdir-)?incoming-|\.lock$/ },
  { folder: 'objects/pack', recursive: false, pattern: /^tmp_|\.lock$/ },
  { folder: 'objects/info', recursive: true, pattern: /\.lock$/ },
]

async function leftovers(repository: string): Promise<Leftover[]> {
  const found: Leftover[] = []
  for (const { folder, recursive, pattern } of temporary) {
    const names = await readdir(join(repository, folder), { recursive }).catch(() => [])
    for (const name of names) {
      if (!pattern.test(name)) continue
      const path = join(repository, folder, name)
      const info = await lstat(path).catch(() => null)
      if (info !== null) found.push({ path, inode: info.ino, modified: info.mtimeMs })
    }
  }
  return found
}

/** Without /proc nobody can tell who holds a lock: then only its age counts, in ms. */
const old = 600_000

interface Program {
  pid: number
  /** Its environment, NUL between variables. */
  environment: string
}

/** Programs that work in a folder; null on a machine that cannot tell. */
async function programsIn(folder: string): Promise<Program[] | null> {
  const names = await readdir('/proc').catch(() => null)
  if (names === null) return null
  const found: Program[] = []
  for (const name of names) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '')
    if (cwd !== folder && !cwd.startsWith(`${folder}${sep}`)) continue
    const environment = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '')
    found.push({ pid: Number(name), environment })
  }
  return found
}

/** Waits a while for a moment in which no program works there: readers come and go. */
async function idle(repository: string): Promise<'idle' | 'busy' | 'unknown'> {
  for (let i = 0; i < 40; i++) {
    const programs = await programsIn(repository)
    if (programs === null) return 'unknown'
    if (programs.length === 0) return 'idle'
    await new Promise((done) => setTimeout(done, 50))
  }
  return 'busy'
}

/** Removes what killed programs left in a repository. Gives how many things went. */
export async function sweepRepository(repository: string): Promise<number> {
  const found = await leftovers(repository)
  if (found.length === 0) return 0
  // Listed first, asked for after that: who holds one of these is there in between.
  const programs = await idle(repository)
  if (programs === 'busy') return 0
  let gone = 0
  for (const { path, inode, modified } of found) {
    if (programs === 'unknown' && modified > Date.now() - old) continue
    const now = await lstat(path).catch(() => null)
    if (now === null || now.ino !== inode || now.mtimeMs !== modified) continue
    await rm(path, { recursive: true, force: true })
    gone++
  }
  return gone
}

const isPush = (environment: string) => `\0${environment}`.includes('\0DAGBOK_PUSH=1\0')

/** Ends pushes that an earlier life of the web process left half done. Resolves when none is left. */
export async function endPushes(folder: string): Promise<void> {
  for (;;) {
    const left = ((await programsIn(folder)) ?? []).filter(({ environment }) => isPush(environment))
    if (left.length === 0) return
    for (const { pid } of left) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It ended by itself.
      }
    }
    await new Promise((done) => setTimeout(done, 5))
  }
}
