/** What a commit's tree says of DAGs: each notebook with its bundle, and its spec or its faults. */
import type { Spec } from '../dag/spec.ts'
import { compile } from '../notebook/compile.ts'
import { faultOf, type Fault } from '../notebook/fault.ts'
import type { Text } from '../notebook/program.ts'
import type { Reach, UsedCommit } from '../notebook/compile/uses.ts'
import { bundleList, bundleOf, type BundleEntry, type Tree } from './bundle.ts'

export interface SnapshotDag {
  /** Repository path of the notebook. */
  path: string
  /** The notebook's `id`, where it could be read. */
  id: string | null
  kind: 'dag' | 'component'
  /** Hash of the bundle list. */
  hash: string
  bundle: BundleEntry[]
  /** null when it has faults. */
  spec: Spec | null
  faults: Fault[]
  /** Cells that cannot be checked here, where there are any; it has no spec then. */
  unchecked?: Fault[]
}

type Compilation = Pick<SnapshotDag, 'id' | 'kind' | 'spec' | 'faults' | 'unchecked'>

/**
 * Compiled notebooks by bundle hash: equal bundles compile equally, whatever the commit. Those with a program in them do
 * not, since what it prints is known of its repository only; nor do those with faults that ask for another repository's
 * commit, which may come, and which not everybody may read.
 */
export interface CompileCache {
  get: (hash: string) => Compilation | undefined
  set: (hash: string, compiled: Compilation) => void
}

export interface SnapshotSource {
  /** Texts of the tree's notebooks, by path. */
  notebooks: ReadonlyMap<string, Text>
  sha256: (text: string) => string
  cache: CompileCache
  /** As `compile` takes it. */
  reach?: (commit: UsedCommit) => Reach
}

/** One notebook of a commit, a component, too. */
export function snapshotNotebook(tree: Tree, path: string, source: SnapshotSource): SnapshotDag {
  const read = (file: string) => source.notebooks.get(file) ?? null
  const bundle = bundleOf(tree, path, read)
  const hash = source.sha256(bundleList(path, bundle))
  const plain = bundle.every((entry) => typeof (source.notebooks.get(entry.path) ?? '') === 'string')
  const known = plain ? source.cache.get(hash) : undefined
  if (known !== undefined) return { path, hash, bundle, ...known }
  const inBundle = new Set(bundle.map((entry) => entry.path))
  const readFile = (file: string) => (inBundle.has(file) ? (source.notebooks.get(file) ?? '') : null)
  let asked = false
  const reach = (commit: UsedCommit): Reach => {
    asked = true
    return source.reach?.(commit) ?? 'hidden'
  }
  const text = source.notebooks.get(path) ?? ''
  const { spec, id, kind, faults, unchecked } = compile({ path, text, readFile, reach })
  const compiled = { id, kind, spec, faults, ...(unchecked.length === 0 ? {} : { unchecked }) }
  if (plain && (!asked || spec !== null)) source.cache.set(hash, compiled)
  return { path, hash, bundle, ...compiled }
}

/** The DAGs of a commit among its notebooks (components are none); an id that stands twice is a fault of both. */
export function withTwins(notebooks: readonly SnapshotDag[]): SnapshotDag[] {
  const dags = notebooks.filter((dag) => dag.kind === 'dag')
  const byId = new Map<string, SnapshotDag[]>()
  for (const dag of dags)
    if (dag.id !== null && dag.id !== '') byId.set(dag.id, [...(byId.get(dag.id) ?? []), dag])
  return dags.map((dag) => {
    const twins = (byId.get(dag.id ?? '') ?? []).filter((other) => other.path !== dag.path)
    if (twins.length === 0) return dag
    const message = `the id '${dag.id ?? ''}' is also that of ${twins.map((twin) => twin.path).join(', ')}: one of them needs another id`
    return { ...dag, spec: null, faults: [...dag.faults, faultOf(dag.path, message)] }
  })
}
