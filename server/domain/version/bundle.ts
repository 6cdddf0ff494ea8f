/** Which files a DAG can read (git.md, "Versions"): its bundle, and the hash that is its version's identity. */
import picomatch from 'picomatch'
import { bundleScope } from '../notebook/compile.ts'
import { isProgram, type Text } from '../notebook/program.ts'
import { folderOf } from '../notebook/compile/paths.ts'
import { commitOf, resolveInside, rootOf } from '../notebook/compile/uses.ts'

/** A file of a bundle: repository path, git mode (`100644`, `100755`, `120000`) and blob id (40 hex). */
export interface BundleEntry {
  path: string
  mode: string
  blob: string
  /** Id of the repository that has the blob; without it, the version's own. */
  repository?: string
}

/** Programs are notebooks, too. */
export const isNotebook = (path: string): boolean =>
  /(^|\/)[^/]+\.dag\.(md|yaml|yml)$/.test(path) || isProgram(path)

/** Those of the commit itself: notebooks of used commits are no DAGs of it. */
export const notebooksOf = (entries: readonly BundleEntry[]): string[] =>
  entries.map((entry) => entry.path).filter((path) => isNotebook(path) && commitOf(path) === null)

/** A commit's files, indexed once for all its notebooks. */
export interface Tree {
  entries: ReadonlyMap<string, BundleEntry>
  notebooks: readonly string[]
  /** Of each folder that holds a notebook: the files that all notebooks of it have. The repository's root has none. */
  ownFiles: ReadonlyMap<string, readonly BundleEntry[]>
}

/** The nearest folder around a file that holds a notebook. At the root everything would be everyone's: it is none. */
function ownerOf(path: string, folders: ReadonlyMap<string, unknown>): string | null {
  const root = rootOf(path)
  for (let at = folderOf(path); at !== root; at = folderOf(at)) if (folders.has(at)) return at
  return null
}

/** Costs files times the depth of folders, however many notebooks there are. */
export function indexTree(entries: readonly BundleEntry[]): Tree {
  const notebooks = notebooksOf(entries)
  const all = entries.map(({ path }) => path).filter(isNotebook)
  const own = new Map<string, BundleEntry[]>(all.map((path) => [folderOf(path), []]))
  for (const entry of entries) {
    if (isNotebook(entry.path)) continue
    const folder = ownerOf(entry.path, own)
    if (folder !== null) own.get(folder)?.push(entry)
  }
  return { entries: new Map(entries.map((entry) => [entry.path, entry])), notebooks, ownFiles: own }
}

/** A glob of `include`, as a matcher of repository paths; null when it leaves the repository. */
function matcher(folder: string, glob: string): ((path: string) => boolean) | null {
  const star = glob.search(/[*?[{(!]/)
  const fixed = star < 0 ? glob : glob.slice(0, glob.lastIndexOf('/', star) + 1)
  const base = resolveInside(folder, fixed === '' ? '.' : fixed)
  if (base === null) return null
  const rest = star < 0 ? '' : glob.slice(fixed.length)
  const whole = [base, rest].filter((part) => part !== '').join('/')
  const matches = picomatch(whole, { dot: true })
  const root = rootOf(folder)
  return (path) => rootOf(path) === root && (matches(path) || (star < 0 && path.startsWith(`${whole}/`)))
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
  out.add(notebook)
  for (const { path } of filesBeside(tree, notebook)) out.add(path)
  const { folder, include, components } = bundleScope({ path: notebook, text })
  for (const glob of include) {
    const matches = matcher(folder, glob)
    if (matches !== null) for (const path of tree.entries.keys()) if (matches(path)) out.add(path)
  }
  return components
}

/**
 * What the programs of a folder can read while they print, each beside its own file: the files of the folder that are
 * nobody else's. What one prints may add to its bundle (`include`, components): that is for its tasks.
 */
export const filesBeside = (tree: Tree, program: string): readonly BundleEntry[] =>
  tree.ownFiles.get(folderOf(program)) ?? []

/** What a program can read while it prints. */
export function programFiles(tree: Tree, path: string): BundleEntry[] {
  const own = tree.entries.get(path)
  return own === undefined ? [] : [...filesBeside(tree, path), own]
}

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
  return [...paths].sort((a, b) => (a < b ? -1 : 1)).flatMap((path) => tree.entries.get(path) ?? [])
}

/** What is hashed (SHA-256) for a version's identity: the notebook, then one line per file. Paths are NUL-free. */
export const bundleList = (notebook: string, bundle: readonly BundleEntry[]): string =>
  [`dag ${notebook}`, ...bundle.map((entry) => `${entry.mode} ${entry.blob} ${entry.path}`)].join('\0')
