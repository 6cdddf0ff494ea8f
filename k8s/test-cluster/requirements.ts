/** What a machine must have before a cluster can be on it. */
import { existsSync, readFileSync, statfsSync } from 'node:fs'
import { homedir } from 'node:os'
import { run, succeeds } from './run.ts'

export interface Machine {
  platform: string
  uid: number
  /** Programs that are not on the search path. */
  absent: string[]
  /** `go version`, null where there is none. */
  go: string | null
  /** Whether a process may have a network, mounts and process ids of its own. */
  separable: boolean
  overlay: boolean
  /** MB of memory, and of disk where things are kept. */
  memory: number
  disk: number
}

const oldestGo = 25
const leastMemory = 3000
const leastDisk = 8000

/** Why there can be no cluster on such a machine, a sentence each; none when there can. */
export function missingOf(machine: Machine): string[] {
  if (machine.platform !== 'linux') return [`a cluster needs Linux, and this is ${machine.platform}`]
  const missing: string[] = []
  if (machine.uid !== 0) missing.push('a cluster needs root')
  else if (!machine.separable)
    missing.push('root may not make namespaces here (CAP_SYS_ADMIN, CAP_NET_ADMIN)')
  if (machine.absent.length > 0) missing.push(`there is no ${machine.absent.join(', no ')}`)
  const minor = Number(/go1\.(\d+)/.exec(machine.go ?? '')?.[1] ?? 0)
  if (machine.go === null) missing.push('there is no Go to build Kubernetes with')
  else if (minor < oldestGo)
    missing.push(`${machine.go} is too old: Kubernetes is built with Go 1.${oldestGo} or newer`)
  if (!machine.overlay) missing.push('the kernel has no overlayfs')
  if (machine.memory < leastMemory)
    missing.push(`${machine.memory} MB of memory, of ${leastMemory} that it takes`)
  if (machine.disk < leastDisk)
    missing.push(`${machine.disk} MB of free disk, of ${leastDisk} that a build takes`)
  return missing
}

const programs = ['apt-get', 'dpkg-deb', 'unshare', 'nsenter', 'ip', 'bash', 'tar']
const onPath = (name: string) => succeeds(['sh', '-c', 'command -v "$0"', name])

function availableMegabytes(): number {
  const line = /^MemAvailable:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))
  return Math.floor(Number(line?.[1] ?? 0) / 1024)
}

/** This machine. */
async function thisMachine(): Promise<Machine> {
  const { platform } = process
  const linux = platform === 'linux'
  const absent: string[] = []
  for (const name of programs) if (!(await onPath(name))) absent.push(name)
  const { bavail, bsize } = statfsSync(homedir())
  const apart = ['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc', 'true']
  return {
    platform,
    uid: process.getuid?.() ?? -1,
    absent,
    go: await run(['go', 'version']).catch(() => null),
    separable: linux && (await succeeds(apart)),
    overlay: existsSync('/proc/filesystems') && /\boverlay\b/.test(readFileSync('/proc/filesystems', 'utf8')),
    memory: linux ? availableMegabytes() : 0,
    disk: Math.floor((bavail * bsize) / 2 ** 20),
  }
}

/** Why there can be no cluster on this machine. */
export const missing = async (): Promise<string[]> => missingOf(await thisMachine())
