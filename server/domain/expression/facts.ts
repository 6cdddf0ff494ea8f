/** What expressions may know of a run, and how a scope of the spec sees it. */
import { seenCell } from '../dag/joins.ts'
import type { Spec, Task } from '../dag/spec.ts'
import { canonicalJson, type Json } from '../json.ts'
import type { Cause } from '../run/cause.ts'
import { fold } from '../run/rules.ts'
import type { TerminalTaskRunState } from '../run/states.ts'
import { ExpressionError, fromCel, parseExpression, toCel } from './cel.ts'
import { referencesOf, type Reference } from './references.ts'
import { parseTemplate } from './template.ts'

export interface ItemFacts {
  /** null unless expanded. */
  key: string | null
  state: string
  values: Record<string, Json>
}

export interface RunFacts {
  /** Checked against their schemas, defaults included. */
  params: Record<string, Json>
  /** Texts; times are RFC 3339, `''` if none. */
  run: {
    id: string
    dag: string
    version: string
    channel: string
    trigger: string
    logical_date: string
    interval_start: string
    interval_end: string
  }
  /** The runs that started it. */
  causes: readonly Cause[]
  /** Folded state and items, in key order, of a task that has ended. */
  task: (id: string) => { state: string; items: ItemFacts[] }
}

/** Which task, and which item of it, an expression is evaluated for. */
export interface Viewer {
  spec: Spec
  task: Task
  /** null unless expanded. */
  key: string | null
  /** Of an item of a `map`: what it is, and its position. */
  item?: { value: Json; index: number }
  facts: RunFacts
}

/** Whether it has items of its own: then others see lists of what it gave. */
export const isExpanded = (task: Task | undefined): boolean =>
  task !== undefined && (task.matrix !== null || task.map !== null)

type Typed = 'integer' | 'number' | undefined

function paramTypes(spec: Spec, scope: string): (name: string) => Typed {
  const group = spec.groups.find((one) => one.id === scope)
  if (group !== undefined) return (name) => group.param_types[name]
  return (name) => {
    const type = spec.params[name]?.schema['type']
    return type === 'integer' || type === 'number' ? type : undefined
  }
}

/** The params a scope sees: the run's, or what `with` gave its component, evaluated outside it. */
function paramsOf(viewer: Viewer, scope: string): Record<string, Json> {
  const group = viewer.spec.groups.find((one) => one.id === scope)
  if (group === undefined) return viewer.facts.params
  return Object.fromEntries(
    Object.entries(group.params).map(([name, value]) => [name, renderJson(viewer, group.parent, value)]),
  )
}

const itemOf = (task: Task, key: string | null) => task.matrix?.find((item) => item.key === key)?.values ?? {}

/** Axes are ints only if all their items are. */
function matrixFacts({ task, key }: Viewer): Record<string, unknown> {
  const whole = (axis: string) => task.matrix?.every((item) => Number.isInteger(item.values[axis])) === true
  return Object.fromEntries(
    Object.entries(itemOf(task, key)).map(([axis, value]) => [
      axis,
      toCel(value, whole(axis) ? 'integer' : 'number'),
    ]),
  )
}

function taskFacts(viewer: Viewer, id: string): { state: string; values: Record<string, unknown> } {
  const target = viewer.spec.tasks.find((one) => one.id === id)
  const { state, items } = viewer.facts.task(id)
  const typed = (name: string, value: Json) => {
    const type = target?.values[name]?.type
    return toCel(value, type === 'integer' || type === 'number' ? type : undefined)
  }
  const all = (values: Record<string, Json>) =>
    Object.fromEntries(Object.entries(values).map(([name, value]) => [name, typed(name, value)]))
  const [first] = items
  if (!isExpanded(target)) return { state, values: all(first?.values ?? {}) }
  const seen = target === undefined ? null : seenCell(viewer.task, viewer.key, target)
  const cell = new Set(seen?.keys)
  const mine = seen === null ? items : items.filter(({ key }) => key !== null && cell.has(key))
  const [twin] = mine
  if (seen?.single === true && twin !== undefined) return { state: twin.state, values: all(twin.values) }
  const names = new Set(mine.flatMap((item) => Object.keys(item.values)))
  return {
    state: seen === null ? state : fold(mine.map((item) => item.state as TerminalTaskRunState)),
    values: Object.fromEntries(
      [...names].map((name) => [name, mine.map((item) => typed(name, item.values[name] ?? null))]),
    ),
  }
}

function contextFor(viewer: Viewer, scope: string, references: Reference[]): Record<string, unknown> {
  const read = (root: string) => references.filter((reference) => reference.root === root)
  const types = paramTypes(viewer.spec, scope)
  const params =
    read('params').length === 0
      ? {}
      : Object.fromEntries(
          Object.entries(paramsOf(viewer, scope)).map(([name, value]) => [name, toCel(value, types(name))]),
        )
  const ids = [...new Set(read('tasks').map((reference) => reference.path[0] ?? ''))]
  const tasks = Object.fromEntries(
    ids.map((id) => [id, taskFacts(viewer, scope === '' ? id : `${scope}.${id}`)]),
  )
  const { item } = viewer
  const mapped = item === undefined ? {} : { item: toCel(item.value), index: toCel(item.index, 'integer') }
  return { params, run: viewer.facts.run, matrix: matrixFacts(viewer), tasks, ...mapped }
}

/** @throws ExpressionError */
export function evaluate(viewer: Viewer, scope: string, source: string): Json {
  const expression = parseExpression(source)
  return fromCel(expression.evaluate(contextFor(viewer, scope, referencesOf(expression.ast))))
}

/** An expression that knows these names and nothing of a run; whole numbers are ints. @throws ExpressionError */
export function evaluateAlone(source: string, facts: Record<string, Json>): Json {
  const context = Object.fromEntries(Object.entries(facts).map(([name, value]) => [name, toCel(value)]))
  return fromCel(parseExpression(source).evaluate(context))
}

/** Text as it is; everything else as JSON. */
export const asText = (value: Json): string => (typeof value === 'string' ? value : canonicalJson(value))

/** A text with `${{ }}`: one that is exactly an expression keeps its type, embedded ones become text. @throws ExpressionError */
export function renderText(viewer: Viewer, scope: string, text: string): Json {
  const template = parseTemplate(text)
  if ('unclosed' in template) throw new ExpressionError('the `${{` is never closed', template.unclosed)
  if (template.whole !== null) return evaluate(viewer, scope, template.whole.source)
  return template.parts
    .map((part) => (part.kind === 'text' ? part.text : asText(evaluate(viewer, scope, part.source))))
    .join('')
}

/** Every text in a value. @throws ExpressionError */
export function renderJson(viewer: Viewer, scope: string, value: Json): Json {
  if (typeof value === 'string') return renderText(viewer, scope, value)
  if (Array.isArray(value)) return value.map((item) => renderJson(viewer, scope, item))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, renderJson(viewer, scope, item)]),
  )
}
