/** Set-ups, teardowns and `finally` tasks: what they are for, and what stands between. */
import type { Task } from '../../dag/spec.ts'
import { entry, type Located } from '../located.ts'
import { tasksOf } from './expand.ts'
import { reaches } from './ancestors.ts'
import type { Draft, DraftTask } from './scope.ts'

/** Ids of the tasks that a list names, components seen through. */
function named(task: DraftTask, key: string, check: (id: string, at: Located) => void): string[] {
  const located = entry(task.source.root, key)
  if (located?.kind !== 'list') return []
  const { members, unread, document } = task.scope
  return located.items.flatMap((item) => {
    const name = item.kind === 'scalar' ? String(item.value) : ''
    const member = members.get(name)
    if (member === undefined) {
      if (!unread.has(name))
        document.report.unknown(item, `unknown task '${name}' in ${key}`, name, members.keys())
      return []
    }
    for (const id of tasksOf(member)) check(id, item)
    return tasksOf(member)
  })
}

export function setUpFor(draft: Draft, task: DraftTask): string[] {
  const { report } = task.scope.document
  return named(task, 'setup_for', (id, at) => {
    if (!reaches(draft, draft.tasks.get(id)?.needs ?? [], task.id))
      report.add(at, `'${id}' does not come after its set-up '${task.id}': add that to its \`needs\``)
  })
}

export function teardownFor(draft: Draft, task: DraftTask): string[] {
  const { report } = task.scope.document
  return named(task, 'teardown_for', (id, at) => {
    if (id === task.id) report.add(at, `'${id}' cannot undo itself`)
    else if (!reaches(draft, task.needs, id))
      report.add(at, `'${task.id}' does not come after '${id}', which it undoes: add it to \`needs\``)
  })
}

/** Faults that clean-up tasks can have among others. */
export function checkCleanup(draft: Draft, task: DraftTask, last: ReadonlySet<string>): void {
  const { root } = task.source
  const { report } = task.scope.document
  const teardown = entry(root, 'teardown_for')
  const rule = entry(root, 'trigger_rule')
  if (last.has(task.id) && teardown !== null)
    report.add(teardown, 'a task is a teardown or `finally`, not both')
  if ((last.has(task.id) || teardown !== null) && rule !== null)
    report.add(rule, 'clean-up has no `trigger_rule`: it runs whatever happened')
  const needed = task.needs.find((need) => last.has(need))
  if (needed !== undefined && !last.has(task.id))
    report.add(
      entry(root, 'needs') ?? task.source.idSpan,
      `'${needed}' runs last (\`finally\`): only other \`finally\` tasks can need it`,
    )
}

/** Everything that is reached from these tasks, along `next`. */
function closure(from: readonly string[], next: (id: string) => readonly string[]): Set<string> {
  const seen = new Set<string>()
  const queue = [...from]
  for (let id = queue.pop(); id !== undefined; id = queue.pop())
    for (const other of next(id))
      if (!seen.has(other)) {
        seen.add(other)
        queue.push(other)
      }
  return seen
}

/** Gives each teardown what it must wait for beside its needs: what its set-ups are for, and what stands between. */
export function withBetween(tasks: readonly Task[]): Task[] {
  const teardowns = tasks.filter((task) => task.teardown_for.length > 0)
  if (teardowns.length === 0) return [...tasks]
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const children = new Map<string, string[]>()
  for (const task of tasks)
    for (const need of task.needs) children.set(need, [...(children.get(need) ?? []), task.id])
  return tasks.map((task) => {
    if (task.teardown_for.length === 0) return task
    const after = closure(task.teardown_for, (id) => children.get(id) ?? [])
    const before = closure([task.id], (id) => byId.get(id)?.needs ?? [])
    const covered = task.teardown_for.flatMap((id) => byId.get(id)?.setup_for ?? [])
    const waits = new Set([...covered, ...[...after].filter((id) => before.has(id))])
    for (const id of [task.id, ...task.needs, ...task.teardown_for]) waits.delete(id)
    return { ...task, between: [...waits].sort() }
  })
}
