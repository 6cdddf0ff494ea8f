/** A cell's keys and values against the schema, in words, each at its place. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import { guess } from './guess.ts'
import { frontMatterKeys } from './keys/front-matter-keys.ts'
import { namePattern, type Key, type SchemaFragment } from './keys/key.ts'
import { frontMatterSchema, taskSchema, testCellSchema } from './keys/schema.ts'
import { taskKeys } from './keys/task-keys.ts'
import { toJson, type Located, type Span } from './located.ts'

export interface KeyFault extends Span {
  message: string
  guess?: string
}

const ajv = new Ajv2020({ allErrors: true, verbose: true, strict: false, allowUnionTypes: true })
interface Check {
  schema: SchemaFragment
  keys: readonly Key[]
  what: string
}
const checks: Record<'front_matter' | 'task' | 'test', Check> = {
  front_matter: { schema: frontMatterSchema, keys: frontMatterKeys, what: 'the front matter' },
  task: { schema: taskSchema, keys: taskKeys, what: 'a task' },
  test: { schema: testCellSchema, keys: [], what: 'a test' },
}
/** Compiled when it is first asked for, and then kept by Ajv: that takes longer than most notebooks. */
const validator = (schema: SchemaFragment): ValidateFunction => ajv.compile(schema)

/** The value at a JSON pointer, as deep as it goes. */
function find(root: Located, pointer: string): Located {
  let at = root
  for (const raw of pointer.split('/').slice(1)) {
    const step = raw.replaceAll('~1', '/').replaceAll('~0', '~')
    const next =
      at.kind === 'map'
        ? at.entries.get(step)?.value
        : at.kind === 'list'
          ? at.items[Number(step)]
          : undefined
    if (next === undefined) break
    at = next
  }
  return at
}

const path = (pointer: string) => pointer.slice(1).replaceAll('/', '.')

function keySpan(at: Located, name: string): Span {
  return at.kind === 'map' ? (at.entries.get(name)?.key ?? at) : at
}

function unknownKey(at: Located, error: ErrorObject, what: string): KeyFault {
  const { additionalProperty } = error.params as { additionalProperty: string }
  const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {})
  const near = guess(additionalProperty, known)
  const where = error.instancePath === '' ? what : `\`${path(error.instancePath)}\``
  const { start, end } = keySpan(at, additionalProperty)
  return {
    start,
    end,
    message: `\`${additionalProperty}\` is not a key of ${where}`,
    ...(near === undefined ? {} : { guess: near }),
  }
}

const articles: Record<string, string> = {
  string: 'a text',
  integer: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'a map',
  null: 'nothing',
}

function words(error: ErrorObject, key: Key | undefined): string {
  const params = error.params as Record<string, unknown>
  switch (error.keyword) {
    case 'type':
      return `must be ${[params['type']]
        .flat()
        .map((type) => articles[String(type)] ?? String(type))
        .join(' or ')}`
    case 'enum':
      return `must be one of ${(params['allowedValues'] as unknown[]).join(', ')}`
    case 'const':
      return `must be ${String(params['allowedValue'])}`
    case 'pattern':
      if (params['pattern'] === namePattern) return `is not a name${nameRule}`
      return key === undefined ? 'is not written as it must be' : `is not a ${key.type}`
    default:
      return error.message ?? 'is not allowed here'
  }
}

const nameRule = ': a to z, 0 to 9, _ and -, a letter first, 63 at most'

function oneFault(
  root: Located,
  error: ErrorObject,
  { keys, what }: { keys: readonly Key[]; what: string },
): KeyFault | null {
  const at = find(root, error.instancePath)
  if (error.keyword === 'additionalProperties') return unknownKey(at, error, what)
  if (error.keyword === 'required') {
    const { missingProperty } = error.params as { missingProperty: string }
    return {
      start: at.start,
      end: at.end,
      message: `\`${missingProperty}\` is missing in ${error.instancePath === '' ? what : path(error.instancePath)}`,
    }
  }
  if (error.keyword === 'propertyNames') {
    const { propertyName } = error.params as { propertyName: string }
    const { start, end } = keySpan(at, propertyName)
    return {
      start,
      end,
      message: `\`${propertyName}\` is not a name${nameRule}`,
    }
  }
  // These only lead to the fault that says what is wrong.
  if (error.keyword === 'if' || error.schemaPath.includes('/propertyNames/')) return null
  const key = keys.find((candidate) => candidate.name === error.instancePath.split('/')[1])
  if (error.keyword === 'enum' && at.kind === 'scalar' && typeof at.value === 'string') {
    const near = guess(at.value, (error.params as { allowedValues: string[] }).allowedValues)
    return {
      start: at.start,
      end: at.end,
      message: `\`${path(error.instancePath)}\` ${words(error, key)}`,
      ...(near === undefined ? {} : { guess: near }),
    }
  }
  return {
    start: at.start,
    end: at.end,
    message: `${error.instancePath === '' ? what : `\`${path(error.instancePath)}\``} ${words(error, key)}`,
  }
}

/** What of the format this build refuses: the key stands where it is told. */
function notCarried(root: Located, keys: readonly Key[]): KeyFault[] {
  if (root.kind !== 'map') return []
  return keys.flatMap((key) => {
    const found = key.isCarried ? undefined : root.entries.get(key.name)
    if (found === undefined) return []
    return [
      {
        ...found.key,
        message: `\`${key.name}\` is part of the format, but this build cannot carry it out yet: leave it out until it can`,
      },
    ]
  })
}

/** Of one cell; a report holds no more. */
const mostErrors = 2000

/** Every fault of a cell's keys and values. */
export function checkKeys(kind: 'front_matter' | 'task' | 'test', root: Located): KeyFault[] {
  const check = checks[kind]
  const validate = validator(check.schema)
  const faults = validate(toJson(root))
    ? []
    : (validate.errors ?? [])
        .slice(0, mostErrors)
        .map((error) => oneFault(root, error, check))
        .filter((fault) => fault !== null)
  const seen = new Set<string>()
  const refused = [
    ...notCarried(root, check.keys),
    ...(kind === 'front_matter' ? notCarried(find(root, '/defaults'), taskKeys) : []),
  ]
  return [...faults, ...refused].filter((fault) => {
    const same = `${fault.start} ${fault.message}`
    return !seen.has(same) && seen.add(same)
  })
}
