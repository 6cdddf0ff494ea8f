/** Which files a DAG can read (git.md, "Versions"): its bundle, and the hash that is its version's identity. */
import picomatch from 'picomatch'
import { bundleScope } from '../notebook/compile.ts'
import { isProgram, type Text } from '../notebook/program.ts'
import { folderOf, resolvePath } from '../notebook/compile/paths.ts'

/** A file of a bundle: repository path, git mode (`100644`, `100755`, `120000`) and blob id (40 hex). */
export interface BundleEntry {
  path: string
  mode: string
  blob: string
}

/** Programs are notebooks, too. */
export const isNotebook = (path: string): boolean =>
  /(^|\/)[^/]+\.dag\.(md|yaml|yml)$/.test(path) || isProgram(path)

export const notebooksOf = (entries: readonly BundleEntry[]): string[] =>
  entries.map((entry) => entry.path).filter(isNotebook)

/** A commit's files, indexed once for all its notebooks. */
export interface Tree {
  entries: ReadonlyMap<string, BundleEntry>
  notebooks: readonly string[]
  /** Folders that hold a notebook, with how many. */
  notebookFolders: ReadonlyMap<string, number>
}

export function indexTree(entries: readonly BundleEntry[]): Tree {
  const notebooks = notebooksOf(entries)
  const folders = new Map<string, number>()
  for (const path of notebooks) folders.set(folderOf(path), (folders.get(folderOf(path)) ?? 0) + 1)
  return {
    entries: new Map(entries.map((entry) => [entry.path, entry])),
    notebooks,
    notebookFolders: folders,
  }
}

/** Whether a folder between `folder` (not itself) and the file holds a notebook: then the file is that one's. */
function belongsElsewhere(tree: Tree, folder: string, path: string): boolean {
  for (let at = folderOf(path); at !== folder && at.length > folder.length; at = folderOf(at))
    if (tree.notebookFolders.has(at)) return true
  return false
}

function ownFiles(tree: Tree, notebook: string): string[] {
  const folder = folderOf(notebook)
  // At the repository's root everything would be everyone's.
  if (folder === '') return [notebook]
  const inside = [...tree.entries.keys()].filter((path) => path.startsWith(`${folder}/`))
  return inside.filter(
    (path) => path === notebook || (!isNotebook(path) && !belongsElsewhere(tree, folder, path)),
  )
}

/** A glob of `include`, as a matcher of repository paths; null when it leaves the repository. */
function matcher(folder: string, glob: string): ((path: string) => boolean) | null {
  const star = glob.search(/[*?[{(!]/)
  const fixed = star < 0 ? glob : glob.slice(0, glob.lastIndexOf('/', star) + 1)
  const base = resolvePath(folder, fixed === '' ? '.' : fixed)
  if (base === null) return null
  const rest = star < 0 ? '' : glob.slice(fixed.length)
  const whole = [base, rest].filter((part) => part !== '').join('/')
  const matches = picomatch(whole, { dot: true })
  return (path) => matches(path) || (star < 0 && path.startsWith(`${whole}/`))
}

/** Adds what one notebook reads itself; gives the components it uses. */
function collect(
  tree: Tree,
  notebook: string,
  readText: (path: string) => Text | null,
  out: Set<string>,
): string[] {
  const text = readText(notebook)
  if (text === null) return []
  for (const path of ownFiles(tree, notebook)) out.add(path)
  const { folder, include, components } = bundleScope({ path: notebook, text })
  for (const glob of include) {
    const matches = matcher(folder, glob)
    if (matches !== null) for (const path of tree.entries.keys()) if (matches(path)) out.add(path)
  }
  return components
}

const sorted = (tree: Tree, paths: Iterable<string>): BundleEntry[] =>
  [...paths].sort((a, b) => (a < b ? -1 : 1)).flatMap((path) => tree.entries.get(path) ?? [])

/**
 * What a program can read while it prints, sorted by path: the files of its folder that are its own. What it prints may
 * add to its bundle (`include`, components): that is for its tasks.
 */
export const programFiles = (tree: Tree, path: string): BundleEntry[] => sorted(tree, ownFiles(tree, path))

/** The bundle of a notebook, sorted by path. `readText` gives notebooks of the tree; it is asked for nothing else. */
export function bundleOf(
  tree: Tree,
  notebook: string,
  readText: (path: string) => Text | null,
): BundleEntry[] {
  const paths = new Set<string>()
  const seen = new Set([notebook])
  // A set grows while it is walked: every notebook is looked at once, however they use each other.
  for (const path of seen) for (const used of collect(tree, path, readText, paths)) seen.add(used)
  return sorted(tree, paths)
}

/** What is hashed (SHA-256) for a version's identity: the notebook, then one line per file. Paths are NUL-free. */
export const bundleList = (notebook: string, bundle: readonly BundleEntry[]): string =>
  [`dag ${notebook}`, ...bundle.map((entry) => `${entry.mode} ${entry.blob} ${entry.path}`)].join('\0')
