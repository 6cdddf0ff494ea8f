/** The repository around a file, as a commit of everything there would be. */
import { execFile } from 'node:child_process'
import { lstat, readdir, readFile, readlink } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { isProgram, type Text } from '#server/domain/notebook/program.ts'
import { isNotebook, type BundleEntry } from '#server/domain/version/bundle.ts'

export interface WorkingTree {
  /** Absolute. */
  root: string
  /** Without blob ids: nothing is hashed. */
  entries: BundleEntry[]
  /** Texts of the notebooks, by path; of programs nothing before they are run. */
  notebooks: Map<string, Text>
}

const git = async (folder: string, ...args: string[]): Promise<string> =>
  (await promisify(execFile)('git', ['-C', folder, ...args], { maxBuffer: 256 * 2 ** 20 })).stdout

const namesOf = (said: string) => said.split('\0').filter((name) => name !== '')

/** What git would commit: tracked or new, not ignored, not deleted. null outside a repository. */
async function byGit(folder: string): Promise<{ root: string; paths: string[] } | null> {
  try {
    const root = (await git(folder, 'rev-parse', '--show-toplevel')).replace(/\n$/, '')
    const all = namesOf(await git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard'))
    const deleted = new Set(namesOf(await git(root, 'ls-files', '-z', '--deleted')))
    return { root, paths: [...new Set(all)].filter((path) => !deleted.has(path)) }
  } catch {
    return null
  }
}

async function byWalk(root: string): Promise<{ root: string; paths: string[] }> {
  const paths: string[] = []
  const waiting = [root]
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (!entry.isDirectory()) paths.push(relative(root, path))
      else if (entry.name !== '.git' && entry.name !== 'node_modules') waiting.push(path)
    }
  return { root, paths }
}

/** A link is to git a file that says where it leads. */
async function textOf(path: string): Promise<string> {
  return (await lstat(path)).isSymbolicLink() ? readlink(path) : readFile(path, 'utf8')
}

/** @param folder absolute; outside a repository it is taken for one itself */
export async function readWorkingTree(folder: string): Promise<WorkingTree> {
  const { root, paths } = (await byGit(folder)) ?? (await byWalk(folder))
  const notebooks = new Map<string, Text>()
  const written = paths.filter((path) => isNotebook(path) && !isProgram(path))
  for (const path of written) notebooks.set(path, await textOf(join(root, path)))
  return { root, entries: paths.map((path) => ({ path, mode: '100644', blob: '' })), notebooks }
}
