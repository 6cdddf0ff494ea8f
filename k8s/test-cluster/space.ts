/**
 * The place a cluster is in: a network, mounts and process ids of its own, held by one process. When that one is killed,
 * the kernel ends every process inside, and the mounts and the network are gone with them.
 */
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir, readFile, rm, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { ClusterError } from './cluster-error.ts'
import { run, type RunOptions } from './run.ts'
import { network, nodeAddress, privateFolders, state } from './settings.ts'
import { until } from './until.ts'

const record = join(state, 'space.json')

interface Holder {
  /** Process 1 of the inside, as the machine counts it. */
  pid: number
  /** When it began, in ticks since the machine did: another process may have its number by now. */
  began: string
}

/** When a process began, in ticks since the machine did; null when there is none, or one that is over and not reaped. */
export async function beginningOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  if (text === null) return null
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
}

/** The process that holds the place; null when there is no such place. */
export async function holder(): Promise<number | null> {
  const text = await readFile(record, 'utf8').catch(() => null)
  if (text === null) return null
  const { pid, began } = JSON.parse(text) as Holder
  return (await beginningOf(pid)) === began ? pid : null
}

/** Children of a process. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '')
  return text.split(' ').filter(Boolean).map(Number)
}

/** The only child of a process, once it has one: what `unshare` and `nsenter` start as process of another place. */
export const onlyChild = (pid: number): Promise<number> =>
  until(`process ${pid} has a child`, async () => (await childrenOf(pid))[0] ?? null)

/** Bash as process 1 reaps whatever is left to it. */
const reaping = 'while :; do sleep infinity & wait $!; done'

/** Folders of the machine that are to be there for something to be mounted on them, and were not. */
const madeFolders = join(state, 'made-folders.json')

async function makeMountPoints(): Promise<void> {
  const made: string[] = []
  for (const folder of privateFolders)
    if ((await mkdir(folder, { recursive: true })) !== undefined) made.push(folder)
  await writeFile(madeFolders, JSON.stringify(made))
}

/** Argv that runs something inside. @throws ClusterError when no cluster is up */
export async function entering(argv: readonly string[]): Promise<string[]> {
  const pid = await holder()
  if (pid === null) throw new ClusterError('no cluster is up: `npm run cluster -- up` starts one')
  return ['nsenter', '-t', String(pid), '--net', '--mount', '--pid', '--', ...argv]
}

/** Runs something inside, and waits for it. */
export const inside = async (argv: readonly string[], options: RunOptions = {}): Promise<string> =>
  run(await entering(argv), options)

/** One cable from the machine to the inside, a bridge for pods, and no other way out. */
async function connect(pid: number): Promise<void> {
  const { cable, host, cluster, bridge, pods } = network
  await run(['ip', 'link', 'add', cable, 'type', 'veth', 'peer', 'name', 'machine', 'netns', String(pid)])
  await run(['ip', 'address', 'add', `${host}/30`, 'dev', cable])
  await run(['ip', 'link', 'set', cable, 'up'])
  const steps = [
    ['link', 'set', 'lo', 'up'],
    ['address', 'add', `${cluster}/30`, 'dev', 'machine'],
    ['link', 'set', 'machine', 'up'],
    ['link', 'add', bridge, 'type', 'bridge'],
    ['address', 'add', `${nodeAddress(1)}/16`, 'dev', bridge],
    ['link', 'set', bridge, 'up'],
  ]
  for (const step of steps) await inside(['ip', ...step])
  await inside(['sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward'])
  await run(['ip', 'route', 'add', pods, 'via', cluster, 'dev', cable])
}

/** Makes the place. */
export async function openSpace(): Promise<void> {
  await makeMountPoints()
  const log = openSync(join(state, 'space.log'), 'a')
  const apart = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--propagation', 'private']
  const child = spawn('unshare', [...apart, 'bash', '-c', reaping], {
    detached: true,
    stdio: ['ignore', log, log],
  })
  child.unref()
  if (child.pid === undefined) throw new ClusterError('unshare could not be started')
  const pid = await onlyChild(child.pid)
  // It is process 1 of its place only when its own /proc says so.
  await until('the place of the cluster is there', () =>
    run(['nsenter', '-t', String(pid), '--mount', '--pid', 'cat', '/proc/1/cmdline']).then(
      (said) => (said.startsWith('bash') ? true : null),
      () => null,
    ),
  )
  await writeFile(record, JSON.stringify({ pid, began: (await beginningOf(pid)) ?? '' } satisfies Holder))
  for (const folder of privateFolders) await inside(['mount', '-t', 'tmpfs', 'tmpfs', folder])
  await connect(pid)
}

/** Ends every process inside, and waits until the place is gone. */
export async function closeSpace(): Promise<void> {
  const pid = await holder()
  if (pid !== null) {
    process.kill(pid, 'SIGKILL')
    await until('the processes of the cluster are gone', async () =>
      (await beginningOf(pid)) === null ? true : null,
    )
  }
  await rm(record, { force: true })
  const made = JSON.parse(await readFile(madeFolders, 'utf8').catch(() => '[]')) as string[]
  // One that has something in it by now is somebody else's.
  for (const folder of made) await rmdir(folder).catch(() => {})
}
