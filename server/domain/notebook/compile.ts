/**
 * A notebook to its spec. Pure: files of the repository come by `readFile`, programs as what they printed. Bad input gives faults, all at once, each
 * with file, line and column; nothing is thrown for what is in a file.
 */
import { specSchema, type Group, type Param, type Spec, type Task, type TestCell } from '../dag/spec.ts'
import type { Fault } from './fault.ts'
import type { Cell } from './cells.ts'
import type { Text } from './program.ts'
import { checkCleanup, withBetween } from './compile/cleanup.ts'
import { bounds, hasTooManyItems } from './compile/bounds.ts'
import { readDocument, type SourceDocument } from './compile/document.ts'
import { expand, findCycle } from './compile/expand.ts'
import { listOf, readExtensions, readLimits, readParams, textOf } from './compile/front-matter.ts'
import { readTriggers } from './compile/on.ts'
import { readSchedules } from './compile/schedule.ts'
import { lostNeed, type Draft, type DraftGroup } from './compile/scope.ts'
import { assembleTask } from './compile/task.ts'
import { readUse, type Reach, type UsedCommit } from './compile/uses.ts'
import { entry, toJson } from './located.ts'

export interface Source {
  /** Repository path of the notebook. */
  path: string
  text: Text
  /** Text of a file by repository path; null when there is none. */
  readFile: (path: string) => Text | null
  /** Whether the files of a commit of another repository are there, below `folderOfCommit`; without it, none is. */
  reach?: (commit: UsedCommit) => Reach
}

/** Tasks and edges as far as they could be read, for a graph beside a text that has faults. */
export interface GraphTask {
  id: string
  title: string | null
  group: string | null
  needs: string[]
  /** null unless expanded. */
  items: number | null
}

export interface Compiled {
  /** null when there are faults. */
  spec: Spec | null
  /** The `id` of the front matter, also while there are faults. */
  id: string | null
  /** Also while there are faults. */
  kind: 'dag' | 'component'
  cells: Cell[]
  graph: GraphTask[]
  faults: Fault[]
  /** Cells whose component nobody can look at here; while there are any, there is no spec. */
  unchecked: Fault[]
}

function testsOf(document: SourceDocument): TestCell[] {
  return [...document.tests].flatMap(([id, root]) => {
    const kind = textOf(root, 'kind')
    if (kind !== 'unit' && kind !== 'orchestration' && kind !== 'acceptance') return []
    return [{ id, kind, body: toJson(root), source: document.report.at(root) }]
  })
}

function groupOf(group: DraftGroup, params: Record<string, Param>): Group {
  const types = Object.entries(params).flatMap(([name, { schema }]) =>
    schema['type'] === 'integer' || schema['type'] === 'number' ? [[name, schema['type']] as const] : [],
  )
  return {
    id: group.id,
    title: textOf(group.source.root, 'title') ?? textOf(group.inner.document.front, 'title'),
    parent: group.outer.id,
    path: group.inner.document.path,
    params: group.params,
    param_types: Object.fromEntries(types),
    source: group.outer.document.report.at(group.source.idSpan),
  }
}

function tasksOf(draft: Draft): Task[] {
  const drafts = [...draft.tasks.values()]
  const last = new Set(
    drafts.flatMap((task) => {
      const located = entry(task.source.root, 'finally')
      return located?.kind === 'scalar' && located.value === true ? [task.id] : []
    }),
  )
  for (const task of drafts) checkCleanup(draft, task, last)
  return withBetween(drafts.map((task) => assembleTask(draft, task)).filter((task) => task !== null))
}

/** The tasks of a circle; of a long one its begin and its end. */
const circle = (ids: readonly string[]): string =>
  (ids.length <= 12 ? ids : [...ids.slice(0, 8), `${ids.length - 10} more`, ...ids.slice(-2)]).join(' → ')

const orderOf = (params: Spec['params'], tasks: Spec['tasks']): NonNullable<Spec['order']> => ({
  params: Object.keys(params),
  forms: Object.fromEntries(
    tasks.flatMap(({ id, action }) => (action.kind === 'approve' ? [[id, Object.keys(action.form)]] : [])),
  ),
})

function specOf(draft: Draft, document: SourceDocument): Spec {
  const { front } = document
  const kind = textOf(front, 'kind') === 'component' ? 'component' : 'dag'
  const params = readParams(document)
  const schedule = readSchedules(document, params)
  const on = readTriggers(document, params)
  for (const name of kind === 'component' ? ['schedule', 'on'] : []) {
    const located = entry(front, name)
    if (located !== null)
      document.report.add(located, `a component has no \`${name}\`: the DAG that uses it has`)
  }
  if (!document.hasTasks && front !== null)
    document.report.add(front, 'there are no tasks: add a cell ```yaml task')
  if (hasTooManyItems(draft))
    document.report.add(
      front ?? { start: 0, end: 0 },
      `its tasks have more than ${bounds.items} items together: split the DAG, or make its matrices smaller`,
    )
  const cycle = findCycle(draft.tasks)
  if (cycle !== null)
    document.report.add(
      draft.tasks.get(cycle[0] ?? '')?.source.idSpan ?? { start: 0, end: 0 },
      `tasks need each other in a circle: ${circle(cycle)}`,
    )
  const tasks = tasksOf(draft)
  return {
    dagbok: 1,
    id: textOf(front, 'id') ?? '',
    title: textOf(front, 'title'),
    description: textOf(front, 'description'),
    kind,
    schedule,
    on,
    params,
    limits: readLimits(document),
    tags: listOf(front, 'tags'),
    owners: listOf(front, 'owners'),
    tasks,
    groups: draft.groups.map((group) => groupOf(group, readParams(group.inner.document))),
    tests: testsOf(document),
    order: orderOf(params, tasks),
    extensions: readExtensions(front),
  }
}

/** Faults of all files in order; one that two readings found counts once. */
function faultsOf(draft: Draft): Fault[] {
  const all = new Map<string, Fault>()
  for (const { report } of draft.documents.values())
    for (const fault of report.faults)
      all.set(`${fault.file}:${fault.line}:${fault.column} ${fault.message}`, fault)
  return [...all.values()].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column,
  )
}

/** The spec, or null after faults: what is written is as it must be, but a figure may be beyond what can be kept. */
function storable(spec: Spec, draft: Draft, document: SourceDocument): Spec | null {
  if ([...draft.documents.values()].some(({ report }) => report.faults.length > 0)) return null
  const parsed = specSchema.safeParse(spec)
  if (parsed.success) return parsed.data
  for (const { path, message } of parsed.error.issues) {
    const task = path[0] === 'tasks' ? draft.tasks.get(spec.tasks[Number(path[1])]?.id ?? '') : undefined
    const where = path.slice(task === undefined ? 0 : 2).join('.')
    const report = task === undefined ? document.report : task.scope.document.report
    const span = task?.source.idSpan ?? document.front ?? { start: 0, end: 0 }
    report.add(span, `\`${where}\` is not a value that can be kept: ${message}`)
  }
  return null
}

/** Compiles a notebook, a `.dag.yaml` or what a program printed. */
export function compile(source: Source): Compiled {
  const draft: Draft = {
    readFile: source.readFile,
    reach: source.reach ?? (() => 'hidden'),
    documents: new Map(),
    tasks: new Map(),
    groups: [],
    ancestors: null,
    overfull: false,
    unchecked: [],
  }
  const document = readDocument(source.path, source.text)
  expand(draft, document)
  // What is left out of an overfull one would only be missed by what was taken.
  const spec = draft.overfull ? null : specOf(draft, document)
  const checked = spec === null ? null : storable(spec, draft, document)
  const faults = faultsOf(draft)
  const graph = [...draft.tasks.values()].map((task) => ({
    id: task.id,
    title: textOf(task.source.root, 'title'),
    group: task.scope.id === '' ? null : task.scope.id,
    needs: task.needs.filter((need) => need !== lostNeed),
    items: task.matrix?.length ?? null,
  }))
  return {
    spec: faults.length === 0 && draft.unchecked.length === 0 ? checked : null,
    id: textOf(document.front, 'id'),
    kind: textOf(document.front, 'kind') === 'component' ? 'component' : 'dag',
    cells: document.cells,
    graph,
    faults,
    unchecked: draft.unchecked,
  }
}

/**
 * What a notebook may read beside its folder: its own globs, and the components it uses, as paths of the version. Robust to
 * faulty ones.
 */
export function bundleScope(source: Pick<Source, 'path' | 'text'>): {
  folder: string
  include: string[]
  components: string[]
} {
  const document = readDocument(source.path, source.text)
  const components = [...document.tasks.values()].flatMap((task) => {
    const written = textOf(task.root, 'uses')
    const use = written === null ? null : readUse(document.folder, written)
    return use === null || 'fault' in use ? [] : [use.path]
  })
  return {
    folder: document.folder,
    include: listOf(document.front, 'include'),
    components: [...new Set(components)],
  }
}
