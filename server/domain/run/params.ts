/** A run's params against what its version declares: the same for pages, REST, the command line and cron. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Spec } from '../dag/spec.ts'
import { inWrittenOrder } from '../dag/written-order.ts'
import { DagbokError } from '../errors/errors.ts'
import { isRounded, type Json } from '../json.ts'
import { guess } from '../notebook/guess.ts'

/**
 * JSON Schema (object) of a version's params, for forms and for checks.
 * @param given in the place of their defaults
 */
export function paramsSchema(
  spec: Pick<Spec, 'params' | 'order'>,
  given: Record<string, Json> = {},
): Record<string, Json> {
  const written = inWrittenOrder(spec.params, spec.order?.params)
  const fields = Object.entries(written).map(([name, { schema }]): [string, Record<string, Json>] => {
    const own = given[name]
    return [name, own === undefined ? schema : { ...schema, default: own }]
  })
  return fieldsSchema(Object.fromEntries(fields))
}

/** JSON Schema (object) of named fields; one without a default is required. */
export function fieldsSchema(fields: Record<string, Record<string, Json>>): Record<string, Json> {
  const required = Object.entries(fields).flatMap(([name, schema]) => ('default' in schema ? [] : [name]))
  return { type: 'object', properties: fields, required, additionalProperties: false }
}

const isObject = (json: Json | undefined): json is Record<string, Json> =>
  typeof json === 'object' && json !== null && !Array.isArray(json)

/**
 * The first whole number beyond 2^53 in what was given, which may have been rounded on its way; null without one. Where
 * `number` is declared, 1e18 is one of its doubles.
 */
export function roundedGiven(schema: Json | undefined, value: Json): number | null {
  const { type, properties, items } = isObject(schema) ? schema : {}
  if (typeof value === 'number') return [type].flat().includes('number') || !isRounded(value) ? null : value
  if (typeof value !== 'object' || value === null) return null
  for (const [name, one] of Object.entries(value)) {
    const declared = Array.isArray(value) ? items : isObject(properties) ? properties[name] : undefined
    const rounded = roundedGiven(declared, one)
    if (rounded !== null) return rounded
  }
  return null
}

function propertiesOf(schema: Record<string, Json>): Map<string, Record<string, Json>> {
  const declared = isObject(schema['properties']) ? Object.entries(schema['properties']) : []
  return new Map(declared.map(([name, one]) => [name, isObject(one) ? one : {}]))
}

/** Given params, and the default of each that is not given. */
export function withDefaults(
  schema: Record<string, Json>,
  given: Record<string, Json>,
): Record<string, Json> {
  const defaults = [...propertiesOf(schema)].flatMap(([name, { default: fallback }]): [string, Json][] =>
    fallback === undefined ? [] : [[name, fallback]],
  )
  return { ...Object.fromEntries(defaults), ...given }
}

function words(error: ErrorObject, declared: Iterable<string>): string {
  if (error.keyword === 'required' && error.instancePath === '')
    return `'${String(error.params['missingProperty'])}' is missing`
  if (error.keyword === 'additionalProperties' && error.instancePath === '') {
    const name = String(error.params['additionalProperty'])
    const near = guess(name, declared)
    return `there is no param '${name}'${near === undefined ? '' : ` (did you mean '${near}'?)`}`
  }
  const text: unknown = error.data
  if (error.keyword === 'type' && typeof text === 'string' && /^-?\d+$/.test(text) && isRounded(Number(text)))
    return `'${error.instancePath.slice(1)}' is ${text}, beyond 2^53, where whole numbers are rounded`
  const allowed: unknown = error.keyword === 'enum' ? error.params['allowedValues'] : null
  const more = Array.isArray(allowed) ? `: ${allowed.map((one) => JSON.stringify(one)).join(', ')}` : ''
  return `'${error.instancePath.slice(1)}' ${error.message ?? 'does not fit'}${more}`
}

/** Compiled schemas by their text, the last used last: to compile one takes longer than all the rest of a run's start. */
const compiled = new Map<string, ValidateFunction>()
const kept = 100

function compile(schema: string): ValidateFunction {
  // An Ajv for each: it keeps every schema it has seen.
  const ajv = new Ajv2020({ allErrors: true, strict: false, verbose: true })
  formats.default(ajv)
  return ajv.compile(JSON.parse(schema) as object)
}

function validatorOf(schema: string): ValidateFunction {
  const validate = compiled.get(schema) ?? compile(schema)
  compiled.delete(schema)
  compiled.set(schema, validate)
  const [oldest] = compiled.keys()
  if (compiled.size > kept && oldest !== undefined) compiled.delete(oldest)
  return validate
}

/** Every way in which params, defaults filled in, do not fit. `missing` is the name of one that is not given. */
export function paramFaults(
  schema: Record<string, Json>,
  filled: Record<string, Json>,
): { message: string; missing: string | null }[] {
  const validate = validatorOf(JSON.stringify(schema))
  if (validate(filled)) return []
  const declared = propertiesOf(schema)
  return (validate.errors ?? []).map((error) => ({
    message: words(error, declared.keys()),
    missing:
      error.keyword === 'required' && error.instancePath === ''
        ? String(error.params['missingProperty'])
        : null,
  }))
}

/**
 * Given params with defaults filled in.
 * @param what the fault speaks of
 * @param schema as `paramsSchema` gives it
 * @throws DagbokError `bad_input` that names every one that does not fit
 */
export function checkParams(
  schema: Record<string, Json>,
  given: Record<string, Json>,
  what = 'params',
): Record<string, Json> {
  const filled = withDefaults(schema, given)
  const faults = paramFaults(schema, filled)
  if (faults.length === 0) return filled
  throw new DagbokError(
    'bad_input',
    `The ${what} do not fit: ${faults.map(({ message }) => message).join('; ')}.`,
  )
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json
  } catch {
    return undefined
  }
}

const typeOf = (json: Json): string => {
  if (json === null) return 'null'
  if (Array.isArray(json)) return 'array'
  return typeof json
}

/** A text as the type that the schema wants; where it wants a string, or the text is nothing it wants, the text. */
function typed(schema: Record<string, Json>, text: string): Json {
  const wanted = [schema['type'] ?? []].flat().map((type) => (type === 'integer' ? 'number' : type))
  const json = parsed(text.trim())
  if (json === undefined) return text
  // A number that JavaScript would round is none.
  if (isRounded(json)) return text
  if (wanted.length > 0) return wanted.includes(typeOf(json)) ? json : text
  const choices = Array.isArray(schema['enum']) ? schema['enum'] : [schema['const']]
  return choices.includes(text) ? text : json
}

/**
 * Params written as texts (`rows=30`), each read as its schema has it: `rows: {type: integer}` gives a number.
 * @throws DagbokError as `checkParams`; names that are no params are left to it
 */
export function readParams(
  schema: Record<string, Json>,
  texts: Readonly<Record<string, string>>,
): Record<string, Json> {
  const declared = propertiesOf(schema)
  return Object.fromEntries(
    Object.entries(texts).map(([name, text]) => [name, typed(declared.get(name) ?? {}, text)]),
  )
}
