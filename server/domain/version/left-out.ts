/** Files that tasks of a notebook at the repository's root seem to want, and that its version does not have. */
import type { Task } from '../dag/spec.ts'
import { faultOf, type Fault } from '../notebook/fault.ts'
import { folderOf } from '../notebook/compile/paths.ts'
import { indexTree, isNotebook, type BundleEntry } from './bundle.ts'
import type { SnapshotDag } from './snapshot.ts'

/** Files that are named; the others are counted. */
const named = 3

/** What a task runs, as text; '' where that is a file of its version. */
function textOf({ action, args }: Task): string {
  if (action.kind === 'script') return [action.text, ...args].join('\n')
  if (action.kind === 'command') return [...action.command, ...args].join('\n')
  return args.join('\n')
}

const wordsIn = (text: string): string[] => text.match(/[\w-]+(?:\.[\w-]+)*/g) ?? []
const stemOf = (name: string): string => name.replace(/\.[^.]*$/, '')

/** Words that may name a file, and those that may name a module. */
function wordsOf(texts: readonly string[]) {
  const lines = texts.flatMap((text) => text.split('\n'))
  const imports = lines.filter((line) => /\b(import|from|require)\b/.test(line))
  return {
    files: new Set(lines.flatMap(wordsIn)),
    folders: new Set(lines.flatMap((line) => [...line.matchAll(/([\w.-]+)\//g)].map(([, name]) => name))),
    modules: new Set(imports.flatMap(wordsIn).flatMap((word) => [word, ...word.split('.')])),
  }
}

function isNamed(path: string, { files, folders, modules }: ReturnType<typeof wordsOf>): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1)
  const [top = ''] = path.split('/')
  if (top === name) return files.has(name) || (/\.(py|[cm]?[jt]s)$/.test(name) && modules.has(stemOf(name)))
  return folders.has(top) || (name.endsWith('.py') && modules.has(top))
}

/**
 * A warning for each notebook at the root whose tasks name files that its version leaves out, and what to do. Files of another notebook's folder are that one's.
 */
export function leftOut(entries: readonly BundleEntry[], dags: readonly SnapshotDag[]): Fault[] {
  const atRoot = dags.filter((dag) => dag.spec !== null && folderOf(dag.path) === '')
  if (atRoot.length === 0) return []
  const owned = new Set([...indexTree(entries).ownFiles.values()].flat().map((entry) => entry.path))
  const nobodys = entries.map(({ path }) => path).filter((path) => !owned.has(path) && !isNotebook(path))
  return atRoot.flatMap(({ path, bundle, spec }) => {
    const has = new Set(bundle.map((entry) => entry.path))
    const words = wordsOf((spec?.tasks ?? []).filter((task) => task.folder === '').map(textOf))
    const wanted = nobodys.filter((file) => !has.has(file) && isNamed(file, words)).toSorted()
    if (wanted.length === 0) return []
    const rest = wanted.length - named
    const list = `${wanted.slice(0, named).join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`
    const message = `a notebook at the repository's root has itself alone, and what \`include\` names: its tasks will not find ${list}. Put it into a folder of its own with what it needs, or name that in \`include\``
    return [faultOf(path, message)]
  })
}
