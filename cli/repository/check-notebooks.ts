/** Notebooks of a working tree by the rules of a push. */
import { realpath, stat } from 'node:fs/promises'
import { dirname, join, relative, resolve, sep } from 'node:path'
import type { Spec } from '#server/domain/dag/spec.ts'
import { compile } from '#server/domain/notebook/compile.ts'
import { formatFault, type Fault } from '#server/domain/notebook/fault.ts'
import type { Printed } from '#server/domain/notebook/program.ts'
import { bundleOf, indexTree, isNotebook } from '#server/domain/version/bundle.ts'
import { leftOut } from '#server/domain/version/left-out.ts'
import { snapshotNotebook, withTwins } from '#server/domain/version/snapshot.ts'
import { UsageError } from '../client/failure.ts'
import { readWorkingTree, type WorkingTree } from './read-repository.ts'

export interface CheckedNotebook {
  /** Absolute path of the repository. */
  root: string
  /** Repository path. */
  path: string
  spec: Spec | null
  /** Of the notebook and of the components it uses, by repository path. */
  faults: Fault[]
  /** What is no fault, and still not as its author may think. */
  warnings: Fault[]
}

function checkComponent({ entries, notebooks }: WorkingTree, path: string) {
  const read = (file: string) => notebooks.get(file) ?? null
  const bundle = new Set(bundleOf(indexTree(entries), path, read).map((entry) => entry.path))
  return compile({
    path,
    text: notebooks.get(path) ?? '',
    readFile: (file) => (bundle.has(file) ? (read(file) ?? '') : null),
    reach: unreached,
  })
}

/** Other repositories are the server's. */
const unreached = () => 'unchecked' as const
const nothingKept = { get: () => undefined, set: () => {} }

/** Every notebook of the tree, components too, in order of path. */
function checkTree(tree: WorkingTree): CheckedNotebook[] {
  const { root, entries, notebooks } = tree
  const index = indexTree(entries)
  const source = { notebooks, sha256: (text: string) => text, cache: nothingKept, reach: unreached }
  const all = index.notebooks.map((path) => snapshotNotebook(index, path, source))
  const dags = new Map(withTwins(all).map((dag) => [dag.path, dag]))
  const warnings = leftOut(entries, [...dags.values()])
  return [...notebooks.keys()].sort().map((path) => {
    const { spec, faults, unchecked = [] } = dags.get(path) ?? checkComponent(tree, path)
    const own = warnings.filter(({ file }) => file === path)
    return { root, path, spec, faults, warnings: [...own, ...unchecked] }
  })
}

async function withPrinted(tree: WorkingTree, print: PrintPrograms): Promise<WorkingTree> {
  return { ...tree, notebooks: new Map([...tree.notebooks, ...(await print(tree))]) }
}

async function locate(path: string): Promise<{ path: string; isFolder: boolean }> {
  const found = await stat(path).catch(() => null)
  if (found === null) throw new UsageError(`${path} is not there.`)
  const isFolder = found.isDirectory()
  if (!isFolder && !isNotebook(path))
    throw new UsageError(`${path} is no notebook: its name ends in .dag.md, .dag.yaml, .dag.py or .dag.ts.`)
  return { path: await realpath(resolve(path)), isFolder }
}

/** Runs the programs of a tree. */
export type PrintPrograms = (tree: WorkingTree) => Promise<Map<string, Printed>>

/** The notebooks at these paths and under these folders. @throws UsageError when one is not there or is no notebook */
export async function checkNotebooks(
  paths: readonly string[],
  print: PrintPrograms,
): Promise<CheckedNotebook[]> {
  const trees = new Map<string, CheckedNotebook[]>()
  const chosen = new Map<string, CheckedNotebook>()
  for (const given of paths) {
    const { path, isFolder } = await locate(given)
    const tree = await readWorkingTree(isFolder ? path : dirname(path))
    const checked = trees.get(tree.root) ?? checkTree(await withPrinted(tree, print))
    trees.set(tree.root, checked)
    for (const one of checked) {
      const at = join(one.root, one.path)
      if (at === path || (isFolder && at.startsWith(path.endsWith(sep) ? path : `${path}${sep}`)))
        chosen.set(at, one)
    }
    if (!isFolder && !chosen.has(path))
      throw new UsageError(`${given} is ignored by git, so that no push would have it.`)
  }
  return [...chosen.values()]
}

/** Faults, or warnings, in lines, each once: `file:line:column what is wrong`, with paths as seen from `folder`. */
export function faultLines(
  checked: readonly CheckedNotebook[],
  folder: string,
  kind: 'faults' | 'warnings' = 'faults',
): string[] {
  const lines = checked.flatMap(({ root, [kind]: all }) =>
    all.map((fault) => formatFault({ ...fault, file: relative(folder, join(root, fault.file)) })),
  )
  return [...new Set(lines)]
}
