/** How large a DAG may be once its components are inlined: a few lines can ask for more than any machine has. */
import type { Span } from '../located.ts'
import type { Draft, Scope } from './scope.ts'

export const bounds = { tasks: 20_000, items: 100_000, depth: 32 }

/** Whether one more task or component may be inlined at `at`; says so once when it may not. */
export function hasRoom(draft: Draft, scope: Scope, at: Span, depth: number): boolean {
  if (draft.overfull) return false
  const why =
    draft.tasks.size + draft.groups.length >= bounds.tasks
      ? `with its components this DAG has more than ${bounds.tasks} tasks: split it, or use \`matrix\``
      : depth > bounds.depth
        ? `components are nested deeper than ${bounds.depth} levels here`
        : null
  if (why === null) return true
  scope.document.report.add(at, why)
  draft.overfull = true
  return false
}

/** Whether the items of all tasks are too many; each is a task run of every run. */
export const hasTooManyItems = (draft: Draft): boolean =>
  [...draft.tasks.values()].reduce((sum, task) => sum + (task.matrix?.length ?? 1), 0) > bounds.items
