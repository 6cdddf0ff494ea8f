/** Notebooks into drafts of tasks: components inlined (N7), needs seen through, matrices expanded. */
import type { Join } from '../../dag/joins.ts'
import { parseExpression } from '../../expression/cel.ts'
import { referencesOf } from '../../expression/references.ts'
import { triggerRules, type TriggerRule } from '../../run/states.ts'
import { entry, toJson, type Located } from '../located.ts'
import { hasRoom } from './bounds.ts'
import { componentOf } from './component-of.ts'
import type { SourceDocument, SourceTask } from './document.ts'
import { checkCondition, checkTexts, resolveInput, templateOf, type Place } from './expressions.ts'
import { formerName } from './former-name.ts'
import { entriesOf, notYet, readParams } from './front-matter.ts'
import { appendMatrix, expandMatrix } from './matrix.ts'
import { lostNeed, type Draft, type DraftGroup, type DraftTask, type Member, type Scope } from './scope.ts'

interface Gate {
  prefix: string
  conditions: DraftTask['conditions']
  matrix: DraftTask['matrix']
  axes: readonly string[]
  joins: readonly Join[]
  /** Paths of the notebooks that are being inlined, outermost first. */
  stack: readonly string[]
}

export const keyOf = (document: SourceDocument, source: SourceTask) => (name: string) =>
  entry(source.root, name) ?? entry(entry(document.front, 'defaults'), name)

function ruleOf(scope: Scope, source: SourceTask): TriggerRule {
  const located = keyOf(scope.document, source)('trigger_rule')
  return triggerRules.find((rule) => located?.kind === 'scalar' && located.value === rule) ?? 'all_success'
}

function newScope(
  document: SourceDocument,
  { id, former }: Pick<Scope, 'id' | 'former'>,
  parent: Scope | null,
  axes: readonly string[],
): Scope {
  const params = new Set(entriesOf(document.front, 'params').map(([name]) => name))
  return {
    id,
    former,
    document,
    parent,
    members: new Map(),
    unread: new Set(document.unread),
    params,
    inputs: new Map(),
    axes,
  }
}

/** Whether it can be answered for one item of a `map` only. What cannot be read has its fault elsewhere. */
function readsItem(source: string): boolean {
  try {
    return referencesOf(parseExpression(source).ast).some(({ root }) => root === 'item' || root === 'index')
  } catch {
    return false
  }
}

function conditionOf(scope: Scope, source: SourceTask): DraftTask['conditions'] {
  const located = keyOf(scope.document, source)('if')
  if (located?.kind !== 'scalar') return []
  if (typeof located.value === 'boolean')
    return located.value ? [] : [{ scope: scope.id, expression: 'false', per_item: false }]
  const template = templateOf({ scope } as Place, located)
  if (template?.whole) {
    const expression = template.whole.source.trim()
    return [{ scope: scope.id, expression, per_item: readsItem(expression) }]
  }
  if (template !== null) scope.document.report.add(located, 'write the condition as one expression: ${{ … }}')
  return []
}

function addGroup(draft: Draft, scope: Scope, source: SourceTask, uses: Located, gate: Gate): void {
  const document = componentOf(draft, scope, uses, gate.stack)
  const map = entry(source.root, 'map')
  if (map !== null) scope.document.report.add(map, 'a component cannot be expanded by `map`: use `matrix`')
  if (document === null) return void scope.unread.add(source.id)
  const id = `${gate.prefix}${source.id}`
  const written = entry(source.root, 'matrix')
  const own = expandMatrix(written, scope.document.report)
  const { matrix, axes, joins: around } = appendMatrix(gate, own, scope.document.report, written)
  const inner = newScope(document, { id, former: formerName(scope, source) }, scope, axes)
  const group: DraftGroup = { id, source, outer: scope, inner, needs: [], params: {}, leaves: [], roots: [] }
  draft.groups.push(group)
  scope.members.set(source.id, { kind: 'group', group })
  const joins = own === null ? around : [...around, { group: id, keys: (matrix ?? []).map(({ key }) => key) }]
  const conditions = [...gate.conditions, ...conditionOf(scope, source)]
  addMembers(draft, inner, {
    prefix: `${id}.`,
    conditions,
    matrix,
    axes,
    joins,
    stack: [...gate.stack, document.path],
  })
}

function addTask(draft: Draft, scope: Scope, source: SourceTask, gate: Gate): void {
  const written = keyOf(scope.document, source)('matrix')
  const own = expandMatrix(written, scope.document.report)
  const map = entry(source.root, 'map')
  if (map !== null && gate.matrix !== null)
    scope.document.report.add(map, notYet('a `map` inside a component that is used with a matrix'))
  else if (map !== null && own !== null)
    scope.document.report.add(map, 'a task is expanded by `matrix` or by `map`, not by both')
  const task: DraftTask = {
    id: `${gate.prefix}${source.id}`,
    scope,
    source,
    needs: [],
    rule: ruleOf(scope, source),
    conditions: [...gate.conditions, ...conditionOf(scope, source)],
    ...appendMatrix(gate, own, scope.document.report, written),
    mapped: map !== null,
  }
  draft.tasks.set(task.id, task)
  scope.members.set(source.id, { kind: 'task', task })
}

function addMembers(draft: Draft, scope: Scope, gate: Gate): void {
  for (const source of scope.document.tasks.values()) {
    const uses = entry(source.root, 'uses')
    if (!hasRoom(draft, scope, source.idSpan, gate.stack.length)) return
    if (uses === null) addTask(draft, scope, source, gate)
    else addGroup(draft, scope, source, uses, gate)
  }
  resolveNeeds(scope)
}

export const tasksOf = (member: Member): string[] =>
  member.kind === 'task' ? [member.task.id] : member.group.leaves

function needsOf(scope: Scope, source: SourceTask): string[] {
  const located = entry(source.root, 'needs')
  if (located?.kind !== 'list') return []
  return located.items.flatMap((item) => {
    const name = item.kind === 'scalar' ? String(item.value) : ''
    const member = scope.members.get(name)
    if (member !== undefined && name !== source.id) return tasksOf(member)
    if (name === source.id) scope.document.report.add(item, `the task '${name}' needs itself`)
    else if (!scope.unread.has(name))
      scope.document.report.unknown(item, `unknown task '${name}' in needs`, name, scope.members.keys())
    return name === source.id ? [] : [lostNeed]
  })
}

/** Needs of a scope's members; those inside its components are known already. A component's roots wait for its cell's. */
function resolveNeeds(scope: Scope): void {
  for (const [name, member] of scope.members) {
    const source = scope.document.tasks.get(name)
    if (source === undefined) continue
    const needs = [...new Set(needsOf(scope, source))]
    if (member.kind === 'task') member.task.needs = needs
    else {
      member.group.needs = needs
      const rule = ruleOf(scope, source)
      for (const root of member.group.roots)
        Object.assign(root, { needs, rule: needs.length > 0 ? rule : root.rule })
    }
  }
  if (scope.parent === null) return
  const group = [...scope.parent.members.values()].find(
    (member) => member.kind === 'group' && member.group.inner === scope,
  )
  if (group?.kind !== 'group') return
  const inside = [...scope.members.values()]
  const needed = new Set(
    inside.flatMap((member) => (member.kind === 'task' ? member.task.needs : member.group.needs)),
  )
  group.group.roots = inside.flatMap((member) =>
    member.kind === 'task'
      ? member.task.needs.length === 0
        ? [member.task]
        : []
      : member.group.needs.length === 0
        ? member.group.roots
        : [],
  )
  group.group.leaves = inside.flatMap(tasksOf).filter((id) => !needed.has(id))
}

/** What `with` gives a component: its inputs, resolved, and its params, with defaults for the rest. */
export function bindGroup(draft: Draft, group: DraftGroup): void {
  const { outer, inner, source } = group
  // What is given may be another for each item of the cell's own matrix.
  const place: Place = { draft, scope: outer, needs: group.needs, axes: inner.axes }
  checkCondition(place, keyOf(outer.document, source)('if'))
  const given = entry(source.root, 'with')
  const inputs = entriesOf(inner.document.front, 'inputs')
  const names = new Set([...inner.params, ...inputs.map(([name]) => name)])
  if (given?.kind === 'map')
    for (const [name, { key }] of given.entries)
      if (!names.has(name))
        outer.document.report.unknown(key, `the component has no param or input '${name}'`, name, names)
  bindInputs(draft, inner, given, place, () => source.idSpan)
  for (const [name, param] of Object.entries(readParams(inner.document))) {
    const located = entry(given, name)
    if (located !== null) checkTexts(place, located)
    if (located !== null) group.params[name] = toJson(located)
    else if (param.schema['default'] !== undefined) group.params[name] = param.schema['default']
    else
      outer.document.report.add(source.idSpan, `the component needs the param '${name}': give it in \`with\``)
  }
}

/** Binds the inputs of a notebook of kind component: from `given`, else from their defaults. */
export function bindInputs(
  draft: Draft,
  inner: Scope,
  given: Located | null,
  place: Place,
  missing: () => { start: number; end: number },
): void {
  for (const [name, declared] of entriesOf(inner.document.front, 'inputs')) {
    const located = entry(given, name)
    const fallback = declared.kind === 'scalar' ? declared : entry(declared, 'default')
    if (located !== null) inner.inputs.set(name, resolveInput(place, located))
    else if (fallback !== null)
      inner.inputs.set(name, resolveInput({ draft, scope: inner, needs: [], axes: [] }, fallback))
    else {
      inner.inputs.set(name, null)
      place.scope.document.report.add(
        missing(),
        `the component's input '${name}' has no default: give it in \`with\``,
      )
    }
  }
}

/** Drafts of a notebook's tasks, in document order, components inlined. */
export function expand(draft: Draft, document: SourceDocument): Scope {
  draft.documents.set(document.path, document)
  const scope = newScope(document, { id: '', former: '' }, null, [])
  addMembers(draft, scope, {
    prefix: '',
    conditions: [],
    matrix: null,
    axes: [],
    joins: [],
    stack: [document.path],
  })
  if (draft.overfull) return scope
  bindInputs(draft, scope, null, { draft, scope, needs: [], axes: [] }, () => ({ start: 0, end: 0 }))
  for (const group of draft.groups) bindGroup(draft, group)
  return scope
}

/** The tasks of one cycle in order, or null. */
export function findCycle(tasks: ReadonlyMap<string, DraftTask>): string[] | null {
  const left = new Map(
    [...tasks].map(([id, task]) => [id, task.needs.filter((need) => tasks.has(need)).length]),
  )
  const after = new Map([...tasks.keys()].map((id): [string, string[]] => [id, []]))
  for (const [id, task] of tasks) for (const need of task.needs) after.get(need)?.push(id)
  const free = [...left].filter(([, count]) => count === 0).map(([id]) => id)
  for (let id = free.pop(); id !== undefined; id = free.pop()) {
    left.delete(id)
    for (const next of after.get(id) ?? []) {
      const count = (left.get(next) ?? 0) - 1
      left.set(next, count)
      if (count === 0) free.push(next)
    }
  }
  const [start] = left.keys()
  if (start === undefined) return null
  const path = new Map<string, number>()
  for (
    let at: string | undefined = start;
    at !== undefined;
    at = tasks.get(at)?.needs.find((need) => left.has(need))
  ) {
    const seen = path.get(at)
    if (seen !== undefined) return [...[...path.keys()].slice(seen), at].toReversed()
    path.set(at, path.size)
  }
  return null
}
