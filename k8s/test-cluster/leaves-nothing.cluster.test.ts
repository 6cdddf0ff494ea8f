import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { down } from './down.ts'
import { run } from './run.ts'
import { changedSettings, privateFolders, state } from './settings.ts'
import { clusterState } from './state.ts'
import { up } from './up.ts'

/** Folders that daemons are known to write to, and their parents. */
const places = ['/usr/libexec', '/etc', '/opt', '/var/lib', '/var/log', '/run', ...privateFolders]

/** What of this machine a cluster could change. */
async function machine(): Promise<Record<string, unknown>> {
  const settings: Record<string, string> = {}
  for (const name of changedSettings) settings[name] = await readFile(join('/proc/sys', name), 'utf8')
  const folders: Record<string, string[]> = {}
  for (const folder of places)
    folders[folder] = (await readdir(folder).catch(() => [] as string[])).toSorted()
  const groups = await readdir('/sys/fs/cgroup', { recursive: true, withFileTypes: true })
  return {
    settings,
    folders,
    mounts: await readFile('/proc/self/mounts', 'utf8'),
    groups: groups.filter((one) => one.isDirectory()).map((one) => join(one.parentPath, one.name)),
    links: (await run(['ip', '-o', 'link'])).split('\n').map((line) => line.split(':')[1]),
    routes: await run(['ip', 'route']),
    forwarding: await readFile('/proc/sys/net/ipv4/ip_forward', 'utf8'),
  }
}

/** Processes of this machine whose command line names the cluster's folder. */
async function processes(): Promise<string[]> {
  const found: string[] = []
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const line = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (line.includes(state)) found.push(line.replaceAll('\0', ' '))
  }
  return found
}

const silently = () => {}

test('a cluster that is down has left nothing, and one that is down already may be taken down again', async () => {
  const wanted = (await clusterState()) ?? { minor: '1.35' as const, nodes: 1 }
  await down()
  const before = await machine()
  await up(wanted, silently)
  expect((await processes()).length).toBeGreaterThan(5)
  await down()
  expect(await machine()).toEqual(before)
  expect(await processes()).toEqual([])
  expect(existsSync(state)).toBe(false)
  await down()
  await up(wanted, silently)
})
