/** Two specs as one graph: tasks added, removed, changed and the same, renamed ones matched. */
import type { Spec, Task } from '../dag/spec.ts'
import { canonicalJson } from '../json.ts'

export interface TaskDiff {
  id: string
  /** Its id in the other version when it was renamed. */
  renamedFrom: string | null
  change: 'added' | 'removed' | 'changed' | 'same'
  /** Which keys changed (`script`, `retries`, …). */
  changed: string[]
  needs: string[]
  group: string | null
}

/** Where a task is written is not what it is: paths count from its notebook's folder. */
function essence(task: Task): Record<string, unknown> {
  const { id: _id, source: _source, action, folder, renamed_from: _renamed, ...rest } = task
  if (action.kind === 'script')
    return {
      ...rest,
      action: { kind: action.kind, lang: action.lang, text: action.text, shell: action.shell },
    }
  if (action.kind !== 'script_file') return { ...rest, action }
  const inside = folder !== '' && action.path.startsWith(`${folder}/`)
  return { ...rest, action: { ...action, path: inside ? action.path.slice(folder.length + 1) : action.path } }
}

const keyNames: Record<string, string> = { scope: 'component' }

const actionKey = (kind: Task['action']['kind']) => (kind === 'script_file' ? 'script' : kind)

/** Keys of a task that differ. @param same makes texts of canonical JSON one that are to count as one */
export function changedKeys(before: Task, after: Task, same = (text: string) => text): string[] {
  const [a, b] = [essence(before), essence(after)]
  const text = (value: unknown) => same(canonicalJson(value ?? null))
  // Some keys are there only where they say something.
  return [...new Set([...Object.keys(b), ...Object.keys(a)])]
    .filter((key) => text(a[key]) !== text(b[key]))
    .map((key) => (key === 'action' ? actionKey(after.action.kind) : (keyNames[key] ?? key)))
}

/** Tasks of `after` in its order, then those that are gone. */
export function graphDiff(before: Spec, after: Spec): TaskDiff[] {
  const old = new Map(before.tasks.map((task) => [task.id, task]))
  const matched = new Set<string>()
  const group = (task: Task) => (task.scope === '' ? null : task.scope)
  const now = after.tasks.map((task): TaskDiff => {
    const renamedFrom =
      !old.has(task.id) && task.renamed_from !== null && old.has(task.renamed_from) ? task.renamed_from : null
    const was = old.get(renamedFrom ?? task.id)
    if (was !== undefined) matched.add(was.id)
    const changed = was === undefined ? [] : changedKeys(was, task)
    const change =
      was === undefined ? 'added' : changed.length > 0 || renamedFrom !== null ? 'changed' : 'same'
    return { id: task.id, renamedFrom, change, changed, needs: task.needs, group: group(task) }
  })
  const gone = before.tasks.filter((task) => !matched.has(task.id))
  return [
    ...now,
    ...gone.map((task): TaskDiff => ({
      id: task.id,
      renamedFrom: null,
      change: 'removed',
      changed: [],
      needs: task.needs,
      group: group(task),
    })),
  ]
}
