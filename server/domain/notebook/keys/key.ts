/** A key of the format: one table feeds the checks, the published JSON Schema and docs/notebook.md. */

/** A JSON Schema (draft 2020-12) as data. */
export type SchemaFragment = { [key: string]: unknown }

export interface Key {
  name: string
  schema: SchemaFragment
  /** As the documentation writes it: `list of task ids`. */
  type: string
  default: string | null
  meaning: string
  /** Whether this build can carry it out: another key is checked, and then refused. */
  isCarried: boolean
}

export const namePattern = '^[a-z][a-z0-9_-]{0,62}$'
export const name: SchemaFragment = { type: 'string', pattern: namePattern }
export const text: SchemaFragment = { type: 'string' }
export const boolean: SchemaFragment = { type: 'boolean' }
export const count: SchemaFragment = { type: 'integer', minimum: 0 }
export const positive: SchemaFragment = { type: 'integer', minimum: 1 }
/** `500ms`, `10m`, `1h30m`, `2d`. */
export const duration: SchemaFragment = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h|d))+$' }
export const expression: SchemaFragment = { type: ['string', 'boolean'] }
export const scalar: SchemaFragment = { type: ['string', 'number', 'integer', 'boolean'] }
export const anything: SchemaFragment = {}
export const tolerance: SchemaFragment = object({
  abs: { type: 'number', minimum: 0 },
  rel: { type: 'number', minimum: 0 },
})

export function list(items: SchemaFragment, more: SchemaFragment = {}): SchemaFragment {
  return { type: 'array', items, ...more }
}

/** An object with these keys and no others. */
export function object(properties: Record<string, SchemaFragment>, required: string[] = []): SchemaFragment {
  return {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(required.length > 0 ? { required } : {}),
  }
}

/** An object whose keys are names. */
export function named(values: SchemaFragment): SchemaFragment {
  return { type: 'object', propertyNames: { pattern: namePattern }, additionalProperties: values }
}

/** Either of two shapes, told apart by their JSON type, so that a fault speaks of the one that was meant. */
export function either(a: SchemaFragment, b: SchemaFragment): SchemaFragment {
  const type = (fragment: SchemaFragment) => ({ type: fragment['type'] })
  return {
    type: [a['type'], b['type']].flat(),
    allOf: [
      { if: type(a), then: a },
      { if: type(b), then: b },
    ],
  }
}

interface Particulars {
  default?: string
  isCarried?: false
}

export function key(
  keyName: string,
  schema: SchemaFragment,
  type: string,
  meaning: string,
  more: Particulars = {},
): Key {
  return {
    name: keyName,
    schema,
    type,
    meaning,
    default: more.default ?? null,
    isCarried: more.isCarried ?? true,
  }
}
