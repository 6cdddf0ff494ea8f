/** The build before the newest migration, from the git history, on the packages of this one. */
import { execFile } from 'node:child_process'
import { copyFile, mkdtemp, readFile, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { nodeOptions } from '#cli/setup/machine.mjs'
import type { Ground } from './fleet-site.ts'

const root = resolve(import.meta.dirname, '../..')
const run = promisify(execFile)
const git = async (...args: string[]) => (await run('git', args, { cwd: root })).stdout.trim()

export interface EarlierBuild {
  commit: string
  /** Its checkout. */
  folder: string
  /** Makes its schema on a database, pushes the DAG of the fleet, and makes runs, all by its own code. */
  seed: (ground: Ground, runs: number) => Promise<void>
  remove: () => Promise<void>
}

const packagesOf = (text: string) =>
  Object.entries((JSON.parse(text) as { dependencies: Record<string, string> }).dependencies).map(
    ([name, version]) => `${name}@${version}`,
  )

/** The last commit before the newest migration; or why there is none here. */
async function findCommit(): Promise<{ commit: string } | { why: string }> {
  try {
    const newest = await git('log', '-1', '--diff-filter=A', '--format=%H', '--', 'db/migrations/*.sql')
    if (newest === '') return { why: 'the history has no migration' }
    const commit = await git('rev-parse', '--verify', '--quiet', `${newest}^`)
    const ours = new Set(packagesOf(await readFile(join(root, 'package.json'), 'utf8')))
    const missing = packagesOf(await git('show', `${commit}:package.json`)).filter((one) => !ours.has(one))
    if (missing.length > 0)
      return { why: `${commit.slice(0, 9)} needs packages that are not here: ${missing.join(', ')}` }
    return { commit }
  } catch {
    return { why: 'the git history is not here, or ends before the newest migration' }
  }
}

export async function openEarlierBuild(): Promise<EarlierBuild | { why: string }> {
  const found = await findCommit()
  if ('why' in found) return found
  const { commit } = found
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-earlier-'))
  const archive = join(folder, 'tree.tar')
  await git('archive', '--format=tar', `--output=${archive}`, commit)
  await run('tar', ['-xf', archive, '-C', folder])
  await rm(archive)
  await symlink(join(root, 'node_modules'), join(folder, 'node_modules'))
  await copyFile(join(import.meta.dirname, 'earlier-seed.ts'), join(folder, 'e2e/faults/earlier-seed.ts'))
  return {
    commit,
    folder,
    seed: async ({ url, data, ledger }, runs) => {
      const program = join(folder, 'e2e/faults/earlier-seed.ts')
      await run(process.execPath, [...nodeOptions, program, url, data, ledger, String(runs)], { cwd: folder })
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  }
}
