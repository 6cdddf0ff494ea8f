/** The front matter as the spec wants it. Shapes were checked by the schema; here is what a schema cannot say. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Param, Spec } from '../../dag/spec.ts'
import type { Json } from '../../json.ts'
import { runStrategies } from '../../run/states.ts'
import { entry, toJson, type Located } from '../located.ts'
import type { SourceDocument } from './document.ts'
import { milliseconds } from './units.ts'

const later = (what: string) =>
  `${what} is part of the format, but this build cannot carry it out yet: leave it out until it can`

export function textOf(root: Located | null, name: string): string | null {
  const found = entry(root, name)
  return found?.kind === 'scalar' && typeof found.value === 'string' ? found.value : null
}

export function listOf(root: Located | null, name: string): string[] {
  const found = entry(root, name)
  return found?.kind === 'list'
    ? found.items.map((item) => (item.kind === 'scalar' ? String(item.value) : ''))
    : []
}

export const entriesOf = (root: Located | null, name: string): [string, Located][] => {
  const found = entry(root, name)
  return found?.kind === 'map' ? [...found.entries].map(([key, { value }]) => [key, value]) : []
}

/** Two names that give one environment variable. */
export function checkVariables(document: SourceDocument, root: Located | null, name: string): void {
  const seen = new Map<string, string>()
  const found = entry(root, name)
  if (found?.kind !== 'map') return
  for (const [key, { key: span }] of found.entries) {
    const variable = key.toUpperCase().replaceAll('-', '_')
    const other = seen.get(variable)
    if (other !== undefined)
      document.report.add(
        span,
        `'${key}' and '${other}' in ${name} give the same environment variable ${variable}: rename one`,
      )
    seen.set(variable, key)
  }
}

function schemaChecker(): Ajv2020 {
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  formats.default(ajv)
  return ajv
}

/** Why it is not a JSON Schema; null when it is one. */
export function jsonSchemaFault(schema: Record<string, Json>): string | null {
  try {
    schemaChecker().compile(schema)
    return null
  } catch (error) {
    return (error as Error).message
  }
}

export function readParams(document: SourceDocument): Record<string, Param> {
  const out: Record<string, Param> = {}
  checkVariables(document, document.front, 'params')
  for (const [name, located] of entriesOf(document.front, 'params')) {
    const written = toJson(located)
    const schema = typeof written === 'object' && written !== null && !Array.isArray(written) ? written : {}
    out[name] = { schema, required: !('default' in schema) }
    const ajv = schemaChecker()
    try {
      const validate = ajv.compile(schema)
      if ('default' in schema && !validate(schema['default']))
        document.report.add(
          entry(located, 'default') ?? located,
          `the default of '${name}' is not what its own schema allows: ${ajv.errorsText(validate.errors, { dataVar: name })}`,
        )
    } catch (error) {
      document.report.add(
        located,
        `'${name}' is not a JSON Schema: ${error instanceof RangeError ? 'it refers to itself without an end' : (error as Error).message}`,
      )
    }
  }
  return out
}

export function readLimits(document: SourceDocument): Spec['limits'] {
  const limits = entry(document.front, 'limits')
  const number = (name: string) => {
    const found = entry(limits, name)
    return found?.kind === 'scalar' && typeof found.value === 'number' ? found.value : null
  }
  const strategy = textOf(limits, 'strategy')
  const timeout = textOf(limits, 'run_timeout')
  return {
    max_active_runs: number('max_active_runs') ?? 16,
    max_active_tasks: number('max_active_tasks'),
    run_timeout: timeout === null ? null : milliseconds(timeout),
    strategy: runStrategies.find((known) => known === strategy) ?? 'parallel',
  }
}

/** `x-*` keys, as written. */
export function readExtensions(front: Located | null): Record<string, Json> {
  if (front?.kind !== 'map') return {}
  return Object.fromEntries(
    [...front.entries]
      .filter(([name]) => name.startsWith('x-'))
      .map(([name, { value }]) => [name, toJson(value)]),
  )
}

export { later as notYet }
