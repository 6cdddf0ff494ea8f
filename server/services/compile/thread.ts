/** The thread that compiles: one job at a time, an answer per notebook. It may be ended at any instant. */
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { bundleScope, compile } from '../../domain/notebook/compile.ts'
import { commitName, rootOf, type Reach, type UsedCommit } from '../../domain/notebook/compile/uses.ts'
import { bundleOf, indexTree, type Tree } from '../../domain/version/bundle.ts'
import { snapshotNotebook, type CompileCache, type SnapshotDag } from '../../domain/version/snapshot.ts'
import type { CheckedText, CommitSource, UsedPaths } from './compiler.ts'

export interface Job {
  kind: 'commit' | 'text' | 'uses'
  source: CommitSource
  paths: string[]
}

export type Answer =
  | { kind: 'ready' }
  | { kind: 'compiled'; value: SnapshotDag | CheckedText | UsedPaths }
  | { kind: 'refused'; why: 'depth' | 'defect'; details: string }

/** How many compiled bundles are kept: a push compiles in its hook what the reconciler asks for next. */
const kept = 500

const compiled = new Map<string, Parameters<CompileCache['set']>[1]>()
const cache: CompileCache = {
  get: (hash) => compiled.get(hash),
  set: (hash, value) => {
    const [oldest] = compiled.keys()
    if (compiled.size >= kept && oldest !== undefined) compiled.delete(oldest)
    compiled.set(hash, value)
  },
}
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

const reachIn =
  ({ commits, unread }: CommitSource) =>
  (commit: UsedCommit): Reach =>
    commits?.get(commitName(commit)) ?? (unread === true ? 'unread' : 'hidden')

/** From one notebook on: what its own commit has is followed only in a used one, where nobody else is asked. */
function usedBy({ notebooks }: CommitSource, path: string): UsedPaths {
  const uses = new Set<string>()
  const seen = new Set([path])
  for (const at of seen) {
    const text = notebooks.get(at)
    if (text === undefined) continue
    for (const used of bundleScope({ path: at, text }).components) {
      if (rootOf(used) !== rootOf(at)) uses.add(used)
      else if (rootOf(at) !== '') seen.add(used)
    }
  }
  return { uses: [...uses], unread: false }
}

function checkText(source: CommitSource, tree: Tree, path: string): CheckedText {
  const { notebooks } = source
  const bundle = bundleOf(tree, path, (file) => notebooks.get(file) ?? null).map((entry) => entry.path)
  const inBundle = new Set(bundle)
  const readFile = (file: string) => (inBundle.has(file) ? (notebooks.get(file) ?? '') : null)
  const text = notebooks.get(path) ?? ''
  const { cells, faults, graph } = compile({ path, text, readFile, reach: reachIn(source) })
  return { cells, faults, graph, bundle }
}

function answer({ kind, source }: Job, tree: Tree, path: string): Answer {
  try {
    if (kind === 'uses') return { kind: 'compiled', value: usedBy(source, path) }
    const { notebooks } = source
    const value =
      kind === 'text'
        ? checkText(source, tree, path)
        : snapshotNotebook(tree, path, { notebooks, sha256, cache, reach: reachIn(source) })
    return { kind: 'compiled', value }
  } catch (error) {
    const details = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return { kind: 'refused', why: error instanceof RangeError ? 'depth' : 'defect', details }
  }
}

const tell = (message: Answer) => {
  // A thread's port has no origin to name.
  // oxlint-disable-next-line unicorn/require-post-message-target-origin
  parentPort?.postMessage(message)
}
parentPort?.on('message', (job: Job) => {
  const tree = indexTree(job.source.entries)
  for (const path of job.paths) tell(answer(job, tree, path))
})
tell({ kind: 'ready' })
