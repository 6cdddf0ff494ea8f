/** A run's params against what its version declares. */
import { Ajv2020 } from 'ajv/dist/2020.js'
import type { Spec } from '../../domain/dag/spec.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'

/** JSON Schema (object) of a version's params, for forms and for checks. */
export function paramsSchema(spec: Spec): Record<string, Json> {
  const entries = Object.entries(spec.params)
  return {
    type: 'object',
    properties: Object.fromEntries(entries.map(([name, { schema }]) => [name, schema])),
    required: entries.filter(([, { required }]) => required).map(([name]) => name),
    additionalProperties: false,
  }
}

/** Given params, and the default of each that is not given. */
export function withDefaults(spec: Spec, given: Record<string, Json>): Record<string, Json> {
  const defaults = Object.entries(spec.params).flatMap(([name, { schema }]): [string, Json][] =>
    schema['default'] === undefined ? [] : [[name, schema['default']]],
  )
  return { ...Object.fromEntries(defaults), ...given }
}

function faultsOf(schema: Record<string, Json>, given: Record<string, Json>): string[] {
  // One for each check: it keeps every schema it has seen.
  const ajv = new Ajv2020({ allErrors: true, strict: false, validateFormats: false })
  const validate = ajv.compile(schema)
  if (validate(given)) return []
  return (validate.errors ?? []).map((error) => {
    if (error.keyword === 'required') return `'${String(error.params['missingProperty'])}' is missing`
    if (error.keyword === 'additionalProperties')
      return `there is no '${String(error.params['additionalProperty'])}'`
    return `'${error.instancePath.slice(1)}' ${error.message ?? 'does not fit'}`
  })
}

/** Given params with defaults filled in. @throws DagbokError `bad_input` that names every one that does not fit */
export function checkParams(spec: Spec, given: Record<string, Json>): Record<string, Json> {
  const filled = withDefaults(spec, given)
  const faults = faultsOf(paramsSchema(spec), filled)
  if (faults.length === 0) return filled
  throw new DagbokError('bad_input', `The params do not fit: ${faults.join('; ')}.`)
}

/** The fields of a form, each against its own JSON Schema. @throws DagbokError `bad_input` that names every one that does not fit */
export function checkFields(
  form: Record<string, Record<string, Json>>,
  given: Record<string, Json>,
): Record<string, Json> {
  const filled: Record<string, Json> = {}
  for (const [name, schema] of Object.entries(form))
    if ('default' in schema) filled[name] = schema['default'] ?? null
  Object.assign(filled, given)
  const required = Object.entries(form).flatMap(([name, schema]) => ('default' in schema ? [] : [name]))
  const faults = faultsOf({ type: 'object', properties: form, required, additionalProperties: false }, filled)
  if (faults.length === 0) return filled
  throw new DagbokError('bad_input', `The answer does not fit its form: ${faults.join('; ')}.`)
}
