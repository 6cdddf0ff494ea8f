/** A task as it starts: conditions evaluated, texts rendered, inputs named, the environment of N1. */
import type { Task } from '../dag/spec.ts'
import type { Json } from '../json.ts'
import { ExpressionError } from './cel.ts'
import { asText, evaluate, renderText, type Viewer } from './facts.ts'

export type RenderedInput =
  /** `key` null: of an expanded task all items, as a folder; else that item's. */
  | { kind: 'output'; task: string; output: string; key: string | null; expanded: boolean }
  | { kind: 'file'; path: string }
  | { kind: 'value'; value: Json }

export interface RenderedTask {
  action: Task['action']
  args: string[]
  /** Without the paths that only an executor knows. */
  env: Record<string, string>
  inputs: Record<string, RenderedInput>
  image: string | null
}

/** Whether all its conditions hold, outermost first. @throws ExpressionError also when one is neither true nor false */
export function conditionsHold(viewer: Viewer): boolean {
  for (const { scope, expression } of viewer.task.if) {
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

function own(viewer: Viewer, attempt: number, traceparent: string): Record<string, string> {
  const { run, params } = viewer.facts
  const matrix = viewer.task.matrix?.find((item) => item.key === viewer.key)?.values ?? {}
  const group = viewer.spec.groups.find((one) => one.id === viewer.task.scope)
  const seen =
    group === undefined
      ? params
      : Object.fromEntries(
          Object.entries(group.params).map(([name, value]) => [
            name,
            typeof value === 'string' ? renderText(viewer, group.parent, value) : value,
          ]),
        )
  return {
    ...Object.fromEntries(
      Object.entries(seen).map(([name, value]) => [variable('PARAM', name), asText(value)]),
    ),
    ...Object.fromEntries(
      Object.entries(matrix).map(([name, value]) => [variable('MATRIX', name), asText(value)]),
    ),
    DAGBOK_DAG: run.dag,
    DAGBOK_VERSION: run.version,
    DAGBOK_RUN_ID: run.id,
    DAGBOK_TASK: viewer.task.id,
    DAGBOK_ATTEMPT: String(attempt),
    DAGBOK_CHANNEL: run.channel,
    DAGBOK_LOGICAL_DATE: run.logical_date,
    DAGBOK_INTERVAL_START: run.interval_start,
    DAGBOK_INTERVAL_END: run.interval_end,
    TRACEPARENT: traceparent,
  }
}

function inputOf(viewer: Viewer, input: Task['inputs'][string]): RenderedInput {
  if (input.kind === 'file') return input
  if (input.kind === 'value') return { kind: 'value', value: renderText(viewer, input.scope, input.template) }
  const target = viewer.spec.tasks.find((task) => task.id === input.task)
  const expanded = target?.matrix != null
  const joined = target?.joined != null && target.joined === viewer.task.joined
  return { ...input, expanded, key: expanded && joined ? viewer.key : null }
}

/** @param traceparent W3C trace context of the attempt, `''` without one. @throws ExpressionError */
export function renderTask(viewer: Viewer, attempt: number, traceparent: string): RenderedTask {
  const { task } = viewer
  const text = (value: string) => asText(renderText(viewer, task.scope, value))
  const declared = Object.fromEntries(Object.entries(task.env).map(([name, value]) => [name, text(value)]))
  return {
    action:
      task.action.kind === 'command'
        ? { kind: 'command', command: task.action.command.map(text) }
        : task.action,
    args: task.args.map(text),
    env: { ...declared, ...own(viewer, attempt, traceparent) },
    inputs: Object.fromEntries(
      Object.entries(task.inputs).map(([name, input]) => [name, inputOf(viewer, input)]),
    ),
    image: task.image === null ? null : text(task.image),
  }
}
