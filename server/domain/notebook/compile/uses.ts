/**
 * Which component a cell uses: a notebook of the same commit, or `TEAM/REPO/path@SHA`, one of another repository's (N7).
 * That commit's files are in a version below a folder of their own, and nothing leads from one commit's files to another's.
 */
import { resolvePath } from './paths.ts'

/** A commit of another repository. */
export interface UsedCommit {
  team: string
  repo: string
  /** 40 hex digits. */
  sha: string
}

/**
 * Whether a commit's files are there. `hidden`: there is no such repository, or no right to it, which is one and the same
 * to whoever asks. `unchecked`: nobody can say here. `unread`: what names it could not be read in time, and may be the next.
 */
export type Reach = 'there' | 'no_commit' | 'hidden' | 'unchecked' | 'unread'

const usesFolder = '.dagbok/uses'
const team = '[a-z][a-z0-9_-]{0,62}'
const repo = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}'
const commitFolder = new RegExp(`^\\.dagbok/uses/(${team})/(${repo})/([0-9a-f]{40})(?=/|$)`)
const address = new RegExp(`^${team}/${repo}$`)

/** Where the files of a used commit are in a version. */
export const folderOfCommit = (used: UsedCommit): string =>
  `${usesFolder}/${used.team}/${used.repo}/${used.sha}`

/** `TEAM/REPO@SHA`. */
export const commitName = (used: UsedCommit): string => `${used.team}/${used.repo}@${used.sha}`

/** The used commit that has a file of a version; null: it is the version's own. */
export function commitOf(path: string): UsedCommit | null {
  const [, team = '', repo = '', sha = ''] = commitFolder.exec(path) ?? []
  return sha === '' ? null : { team, repo, sha }
}

/** Where the commit that has a file begins; `''` for the version's own. */
export const rootOf = (path: string): string => commitFolder.exec(path)?.[0] ?? ''

/** Whether a path of a repository is where a version has the files of used commits: what is there is in no version. */
export const isReserved = (path: string): boolean =>
  path === '.dagbok' || path === usesFolder || path.startsWith(`${usesFolder}/`)

/** A file of a version as its authors call it. */
export function nameOf(path: string): string {
  const used = commitOf(path)
  return used === null
    ? path
    : `${used.team}/${used.repo}/${path.slice(folderOfCommit(used).length + 1)}@${used.sha}`
}

/** `relative` as written in a file of `folder`, as a path of the version; null when it leaves the commit that has the file. */
export function resolveInside(folder: string, relative: string): string | null {
  const root = rootOf(folder)
  const path = resolvePath(root === '' ? folder : folder.slice(root.length + 1), relative)
  if (path === null || isReserved(path)) return null
  return [root, path].filter((part) => part !== '').join('/')
}

/** Where a component is in the version, and whose it is when another repository's commit is named. */
export interface Use {
  path: string
  commit: UsedCommit | null
}

const isForeign = (written: string) =>
  written.includes('@') && !/^\.{0,2}\//.test(written) && !/\.dag\.(md|ya?ml|py|ts)$/.test(written)

/** One sentence for what is not there and for what may not be read: it tells nobody what exists. */
export const hiddenWords = (address: string): string =>
  `there is no repository '${address}' that may be used here: a component is taken from a repository of the same team`

/** What `uses` names in a notebook of `folder`, or what is wrong with it as it is written. */
export function readUse(folder: string, written: string): Use | { fault: string } {
  if (!isForeign(written)) {
    const path = resolveInside(folder, written)
    return path === null ? { fault: `'${written}' is outside the repository` } : { path, commit: null }
  }
  const [, team = '', repo = '', file = '', sha = ''] = /^([^/]+)\/([^/]+)\/(.+)@([^@]*)$/.exec(written) ?? []
  if (file === '')
    return { fault: 'a component of another repository is written TEAM/REPO/path@SHA, with its full SHA' }
  if (!/^[0-9a-f]{40}$/.test(sha))
    return {
      fault: `'${sha}' is not the full SHA of a commit: a branch or a tag moves, so write all 40 digits (git rev-parse ${/^[\w./-]+$/.test(sha) ? sha : 'NAME'})`,
    }
  if (!address.test(`${team}/${repo}`)) return { fault: hiddenWords(`${team}/${repo}`) }
  const commit = { team, repo, sha }
  const path = resolvePath('', file)
  if (path === null || path === '' || isReserved(path))
    return { fault: `'${file}' is outside the repository` }
  return { path: `${folderOfCommit(commit)}/${path}`, commit }
}
