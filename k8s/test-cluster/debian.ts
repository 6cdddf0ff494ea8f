/**
 * Debian packages, unpacked into folders of ours: nothing is installed on the machine, and no service of a package is
 * started. apt keeps its lists and archives here, too.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './run.ts'
import { cache } from './settings.ts'

const home = join(cache, 'apt')

/** @param status dpkg's record of what is installed and therefore not needed once more */
const options = (archives: string, status: string) =>
  Object.entries({
    'Dir::State::lists': join(home, 'lists'),
    'Dir::Cache': join(home, 'cache'),
    'Dir::Cache::archives': archives,
    'Dir::State::status': status,
    'APT::Sandbox::User': 'root',
  }).flatMap(([name, value]) => ['-o', `${name}=${value}`])

const machine = '/var/lib/dpkg/status'
const nothing = join(home, 'nothing-installed')

async function updated(): Promise<void> {
  if (existsSync(join(home, 'updated'))) return
  for (const folder of ['lists/partial', 'cache']) await mkdir(join(home, folder), { recursive: true })
  await writeFile(nothing, '')
  await run(['apt-get', 'update', '-qq', ...options(join(home, 'cache/archives'), machine)])
  await writeFile(join(home, 'updated'), '')
}

/**
 * Unpacks packages and what they depend on.
 * @param onto `machine`: what is installed there is left out; `nothing`: all of it, for a file system of its own
 * @param folder made, with all that is above it
 * @throws ClusterError
 */
export async function unpack(
  packages: readonly string[],
  onto: 'machine' | 'nothing',
  folder: string,
): Promise<void> {
  await updated()
  const archives = `${folder}.debs`
  await mkdir(join(archives, 'partial'), { recursive: true })
  await mkdir(folder, { recursive: true })
  const status = onto === 'machine' ? machine : nothing
  const what = ['install', '--download-only', '--no-install-recommends', '-y', '-qq', ...packages]
  await run(['apt-get', ...options(archives, status), ...what])
  for (const name of (await readdir(archives)).filter((name) => name.endsWith('.deb')))
    await run(['dpkg-deb', '-x', join(archives, name), folder])
  await rm(archives, { recursive: true })
}
