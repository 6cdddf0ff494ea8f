/** Where the pods of a node are among the control groups of the machine: a folder in each hierarchy, version 1 or 2. */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cgroupOf, mostNodes } from './settings.ts'
import { until } from './until.ts'

/** The root of each hierarchy that is mounted. */
async function hierarchies(): Promise<{ at: string; unified: boolean }[]> {
  const mounts = await readFile('/proc/self/mounts', 'utf8')
  return mounts
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, , type]) => type === 'cgroup' || type === 'cgroup2')
    .map(([, at = '', type]) => ({ at, unified: type === 'cgroup2' }))
}

const read = async (file: string) => (await readFile(file, 'utf8')).trim()

/** Of version 1, a group has no processor before it is told which. */
async function copyProcessors(at: string, group: string): Promise<void> {
  for (const name of ['cpuset.cpus', 'cpuset.mems'])
    await writeFile(join(group, name), await read(join(at, name)))
}

/** Of version 2, a group has the controllers that the one above it gives. */
async function giveControllers(at: string): Promise<void> {
  for (const name of (await read(join(at, 'cgroup.controllers'))).split(' ').filter(Boolean))
    await writeFile(join(at, 'cgroup.subtree_control'), `+${name}`).catch(() => {})
}

export async function makeGroups(node: number): Promise<void> {
  for (const { at, unified } of await hierarchies()) {
    if (unified) await giveControllers(at)
    const group = join(at, cgroupOf(node))
    await mkdir(group, { recursive: true })
    if (!unified && existsSync(join(at, 'cpuset.cpus'))) await copyProcessors(at, group)
  }
}

/** A group goes when those below it are gone and no process is in it: one that has just been killed may be for a moment. */
async function removeGroup(group: string): Promise<void> {
  if (!existsSync(group)) return
  for (const entry of await readdir(group, { withFileTypes: true }).catch(() => []))
    if (entry.isDirectory()) await removeGroup(join(group, entry.name))
  const gone = async () => {
    await rmdir(group).catch(() => {})
    return existsSync(group) ? null : true
  }
  await until(`the control group ${group} is empty`, gone, 20_000)
}

export async function removeGroups(): Promise<void> {
  for (const { at } of await hierarchies())
    for (let node = 1; node <= mostNodes; node++) await removeGroup(join(at, cgroupOf(node)))
}
