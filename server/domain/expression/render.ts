/** A task as it starts: conditions evaluated, texts rendered, inputs named, the environment of N1. */
import { seenCell } from '../dag/joins.ts'
import type { Task } from '../dag/spec.ts'
import type { Json } from '../json.ts'
import { ExpressionError, parseExpression } from './cel.ts'
import { referencesOf } from './references.ts'
import { asText, evaluate, evaluateAlone, isExpanded, renderText, type Viewer } from './facts.ts'

export type RenderedInput =
  /** `key` null: of an expanded task all items, or those of these `keys`, as a folder; else that item's. */
  | {
      kind: 'output'
      task: string
      output: string
      key: string | null
      keys: readonly string[] | null
      expanded: boolean
    }
  | { kind: 'file'; path: string }
  | { kind: 'value'; value: Json }

/** What an executor runs; the other actions hold no executor. */
export type RunAction = Exclude<Task['action'], { kind: 'approve' | 'wait' }>

export interface RenderedTask {
  action: RunAction
  args: string[]
  /** Without the paths that only an executor knows. */
  env: Record<string, string>
  inputs: Record<string, RenderedInput>
  image: string | null
}

/**
 * Whether its conditions hold, outermost first; before the expansion of a `map` those that do not read the item, after it
 * the others. @throws ExpressionError also when one is neither true nor false
 */
export function conditionsHold(viewer: Viewer): boolean {
  const { task } = viewer
  const asked =
    task.map === null ? task.if : task.if.filter((one) => one.per_item === (viewer.item !== undefined))
  for (const { scope, expression } of asked) {
    const result = evaluate(viewer, scope, expression)
    if (typeof result !== 'boolean')
      throw new ExpressionError(`the condition is ${JSON.stringify(result)}, and must be true or false`)
    if (!result) return false
  }
  return true
}

/** `DAGBOK_PARAM_ROWS` from `rows`. */
export const variable = (prefix: string, name: string): string =>
  `DAGBOK_${prefix}_${name.toUpperCase().replaceAll('-', '_')}`

/** Renders a text for a viewer in a scope. @throws ExpressionError */
export type Render = typeof renderText

function own(viewer: Viewer, attempt: number, traceparent: string, render: Render): Record<string, string> {
  const { run, params, causes } = viewer.facts
  const matrix = viewer.task.matrix?.find((item) => item.key === viewer.key)?.values ?? {}
  const group = viewer.spec.groups.find((one) => one.id === viewer.task.scope)
  const seen =
    group === undefined
      ? params
      : Object.fromEntries(
          Object.entries(group.params).map(([name, value]) => [
            name,
            typeof value === 'string' ? render(viewer, group.parent, value) : value,
          ]),
        )
  return {
    ...Object.fromEntries(
      Object.entries(seen).map(([name, value]) => [variable('PARAM', name), asText(value)]),
    ),
    ...Object.fromEntries(
      Object.entries(matrix).map(([name, value]) => [variable('MATRIX', name), asText(value)]),
    ),
    ...(viewer.item === undefined
      ? {}
      : { DAGBOK_ITEM: asText(viewer.item.value), DAGBOK_INDEX: String(viewer.item.index) }),
    DAGBOK_DAG: run.dag,
    DAGBOK_VERSION: run.version,
    DAGBOK_RUN_ID: run.id,
    DAGBOK_TASK: viewer.task.id,
    DAGBOK_ATTEMPT: String(attempt),
    DAGBOK_CHANNEL: run.channel,
    DAGBOK_LOGICAL_DATE: run.logical_date,
    DAGBOK_INTERVAL_START: run.interval_start,
    DAGBOK_INTERVAL_END: run.interval_end,
    DAGBOK_CAUSES: JSON.stringify(causes),
    TRACEPARENT: traceparent,
  }
}

function inputOf(viewer: Viewer, input: Task['inputs'][string], render: Render): RenderedInput {
  if (input.kind === 'file') return input
  if (input.kind === 'value') return { kind: 'value', value: render(viewer, input.scope, input.template) }
  const target = viewer.spec.tasks.find((task) => task.id === input.task)
  const expanded = isExpanded(target)
  const seen = target === undefined || !expanded ? null : seenCell(viewer.task, viewer.key, target)
  const key = seen?.single === true ? (seen.keys[0] ?? null) : null
  return { ...input, expanded, key, keys: seen === null || seen.single ? null : seen.keys }
}

const rendered = new WeakMap<Task, boolean>()
/** Whether some text of a task is more than it looks: where none is, to render it takes no time worth a bound. */
export function readsExpressions({ spec, task }: Pick<Viewer, 'spec' | 'task'>): boolean {
  const known = rendered.get(task)
  if (known !== undefined) return known
  const group = spec.groups.find((one) => one.id === task.scope)
  const texts = [task.env, task.args, task.action, task.inputs, task.image, group?.params]
  const reads = JSON.stringify(texts).includes('${{')
  rendered.set(task, reads)
  return reads
}

/**
 * @param traceparent W3C trace context of the attempt, `''` without one
 * @throws ExpressionError
 */
export function renderTask(
  viewer: Viewer,
  attempt: number,
  traceparent: string,
  render: Render = renderText,
): RenderedTask {
  const { task } = viewer
  const { action } = task
  if (action.kind === 'approve' || action.kind === 'wait')
    throw new Error(`${task.id} is a task of kind ${action.kind}: there is nothing to run`)
  const text = (value: string) => asText(render(viewer, task.scope, value))
  const declared = Object.fromEntries(Object.entries(task.env).map(([name, value]) => [name, text(value)]))
  return {
    action: action.kind === 'command' ? { kind: 'command', command: action.command.map(text) } : action,
    args: task.args.map(text),
    env: { ...declared, ...own(viewer, attempt, traceparent, render) },
    inputs: Object.fromEntries(
      Object.entries(task.inputs).map(([name, input]) => [name, inputOf(viewer, input, render)]),
    ),
    image: task.image === null ? null : text(task.image),
  }
}

/**
 * Whether a failure is tried again: the task's `retry_if`, true without one.
 * @throws ExpressionError also when it is neither true nor false
 */
export function retryAllowed(
  task: Pick<Task, 'retry_if'>,
  failure: { exitCode: number | null; reason: string | null; attempt: number },
): boolean {
  if (task.retry_if === null) return true
  const result = evaluateAlone(task.retry_if, {
    exit_code: failure.exitCode ?? -1,
    reason: failure.reason ?? '',
    attempt: failure.attempt,
  })
  if (typeof result !== 'boolean')
    throw new ExpressionError(`\`retry_if\` is ${JSON.stringify(result)}, and must be true or false`)
  return result
}

/** Why `retry_if` can never work; null when it can. */
export function retryIfFault(source: string): string | null {
  try {
    const { ast, type } = parseExpression(source)
    const unknown = referencesOf(ast).find(({ root }) => !['exit_code', 'reason', 'attempt'].includes(root))
    if (unknown !== undefined) return `it reads exit_code, reason and attempt, and not '${unknown.root}'`
    return type === 'bool' || type === 'dyn' ? null : `it is a ${type}, and must be true or false`
  } catch (error) {
    if (error instanceof ExpressionError) return error.message
    throw error
  }
}

/** A list, or a count of items, that a `map` is expanded over. @throws ExpressionError */
export function itemsOf(value: Json, most: number): Json[] {
  const list = typeof value === 'number' ? Array.from({ length: Math.max(0, value) }, (_, i) => i) : value
  if (!Array.isArray(list) || (typeof value === 'number' && !Number.isInteger(value)))
    throw new ExpressionError(
      `\`map\` is ${JSON.stringify(value)?.slice(0, 80)}, and must be a list or a whole number`,
    )
  if (list.length > most)
    throw new ExpressionError(`\`map\` gives ${list.length} items, and may give ${most} at most`)
  return list
}

/** Keys of items: what `key` says, else the item if all are different scalars, else the index. @throws ExpressionError */
export function itemKeys(viewer: Viewer, template: string | null, list: readonly Json[]): string[] {
  const indices = list.map((_, index) => String(index))
  if (template !== null) {
    const seen = new Set<string>()
    const keys = list.map((value, index) =>
      asText(renderText({ ...viewer, item: { value, index } }, viewer.task.scope, template)),
    )
    const twice = keys.find((key) => {
      if (seen.has(key)) return true
      seen.add(key)
      return false
    })
    if (twice === undefined) return keys
    throw new ExpressionError(`two items have the key '${twice.slice(0, 80)}'`)
  }
  if (list.some((value) => typeof value === 'object')) return indices
  const keys = list.map(asText)
  return new Set(keys).size === keys.length && keys.every((key) => key !== '' && key.length <= 200)
    ? keys
    : indices
}
