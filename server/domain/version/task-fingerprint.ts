/** Whether a task of another version would do the same as before: what Fork takes over, and why not. Pure. */
import type { Group, Spec, Task } from '../dag/spec.ts'
import { canonicalJson, type Json } from '../json.ts'
import { isNotebook, type BundleEntry } from './bundle.ts'
import { changedKeys } from './graph-diff.ts'
import { withoutShas } from './used-shas.ts'

export interface Side {
  spec: Spec
  bundle: readonly BundleEntry[]
  params: Record<string, Json>
}

/** What says how a task is tried, shown and judged, not what it does. */
const aside = new Set([
  'title',
  'description',
  'metrics',
  'retries',
  'retry_delay',
  'retry_backoff',
  'retry_if',
  'infrastructure_retries',
  'timeout',
  'start_timeout',
  'queue_timeout',
  'deadline',
  'cleanup_timeout',
  'allow_failure',
  'pool',
  'slots',
  'priority',
  'queue',
  'effects',
  'executor',
])

/** Notebooks are known by their tasks, and test files are not read by any. */
const isCode = ({ path }: BundleEntry) => !isNotebook(path) && !/(^|\/)tests\/[^/]+\.test\.md$/.test(path)

function changedFiles(
  before: readonly BundleEntry[],
  after: readonly BundleEntry[],
  same: (text: string) => string,
): string[] {
  const essence = (files: readonly BundleEntry[]) =>
    new Map(files.filter(isCode).map(({ path, mode, blob }) => [same(path), `${mode} ${blob}`]))
  const [a, b] = [essence(before), essence(after)]
  return [...new Set([...a.keys(), ...b.keys()])].filter((path) => a.get(path) !== b.get(path)).sort()
}

const few = (names: readonly string[]) =>
  names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`

/** The components around a task, with what their cells give them. */
function groupsOf(spec: Spec, scope: string): Pick<Group, 'id' | 'params'>[] {
  const group = spec.groups.find((one) => one.id === scope)
  return group === undefined ? [] : [{ id: group.id, params: group.params }, ...groupsOf(spec, group.parent)]
}

/**
 * Gives the sentence that says why a task has to run again; null when it would do the same. A task may read any file of
 * its bundle and any param, so a change of either counts for all. Another commit of a repository whose components it uses is
 * none where the files are the same.
 */
export function fingerprintComparer(before: Side, after: Side): (task: Task) => string | null {
  const same = withoutShas(before.bundle, after.bundle)
  const files = changedFiles(before.bundle, after.bundle, same)
  const names = [...new Set([...Object.keys(before.params), ...Object.keys(after.params)])]
  const params = names.filter(
    (name) => canonicalJson(before.params[name] ?? null) !== canonicalJson(after.params[name] ?? null),
  )
  const old = new Map(before.spec.tasks.map((task) => [task.id, task]))
  return (task) => {
    const was = old.get(task.id) ?? (task.renamed_from === null ? undefined : old.get(task.renamed_from))
    if (was === undefined) return 'It is new.'
    const keys = changedKeys(was, task, same).filter((key) => !aside.has(key))
    if (keys.length > 0) return `It changed: ${few(keys)}.`
    if (files.length > 0) return `Files that it may read changed: ${few(files)}.`
    if (params.length > 0) return `The params changed: ${few(params)}.`
    const [a, b] = [groupsOf(before.spec, was.scope), groupsOf(after.spec, task.scope)]
    return canonicalJson(a) === canonicalJson(b) ? null : 'What its component is given changed.'
  }
}
