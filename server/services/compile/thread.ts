/** The thread that compiles: one job at a time, an answer per notebook. It may be ended at any instant. */
import { createHash } from 'node:crypto'
import { parentPort } from 'node:worker_threads'
import { compile } from '../../domain/notebook/compile.ts'
import { bundleOf, indexTree, type Tree } from '../../domain/version/bundle.ts'
import { snapshotNotebook, type CompileCache, type SnapshotDag } from '../../domain/version/snapshot.ts'
import type { CheckedText, CommitSource } from './compiler.ts'

export interface Job {
  kind: 'commit' | 'text'
  source: CommitSource
  paths: string[]
}

export type Answer =
  | { kind: 'ready' }
  | { kind: 'compiled'; value: SnapshotDag | CheckedText }
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

function checkText({ notebooks }: CommitSource, tree: Tree, path: string): CheckedText {
  const bundle = bundleOf(tree, path, (file) => notebooks.get(file) ?? null).map((entry) => entry.path)
  const inBundle = new Set(bundle)
  const readFile = (file: string) => (inBundle.has(file) ? (notebooks.get(file) ?? '') : null)
  const { cells, faults, graph } = compile({ path, text: notebooks.get(path) ?? '', readFile })
  return { cells, faults, graph, bundle }
}

function answer({ kind, source }: Job, tree: Tree, path: string): Answer {
  try {
    const value =
      kind === 'text'
        ? checkText(source, tree, path)
        : snapshotNotebook(tree, path, { notebooks: source.notebooks, sha256, cache })
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
