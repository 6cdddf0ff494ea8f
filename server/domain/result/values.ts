/** What a task appends to `DAGBOK_VALUES` (N1): `key=value` lines, or JSON objects, one a line. Later lines win. */
import type { ValueDeclaration } from '../dag/spec.ts'
import { roundedIn, roundedWords, whyNotKept, type Json } from '../json.ts'

export interface ResultValue {
  name: string
  value: Json
  declared: boolean
}

/** Bytes of one value as JSON, and of all values of an attempt with their names. */
const longest = 64 * 1024
const most = 2 ** 20
const namePattern = /^[a-z][a-z0-9_-]{0,62}$/

/** A text as its declared type. @throws Error that says what it is not */
function typed(name: string, text: string, type: ValueDeclaration['type']): Json {
  if (type === null || type === 'string') return text
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if ((type === 'integer' || type === 'number') && text.trim() !== '') {
    const number = Number(text)
    if (Number.isFinite(number) && (type === 'number' || Number.isSafeInteger(number))) return number
  }
  if (type === 'json') return parseJson(`the value '${name}'`, text)
  throw new Error(`the value '${name}' is declared ${type}, and '${text.slice(0, 40)}' is not`)
}

function parseJson(what: string, text: string): Json {
  let rounded: string | null
  try {
    rounded = roundedIn(text)
  } catch {
    throw new Error(`${what} is not JSON: ${text.slice(0, 60)}`)
  }
  if (rounded !== null) throw new Error(`in ${what} ${roundedWords(rounded)}`)
  return JSON.parse(text) as Json
}

function entriesOf(line: string, declared: Record<string, ValueDeclaration>): [string, Json][] {
  if (line.startsWith('{')) {
    const parsed = parseJson('a line of DAGBOK_VALUES', line)
    return Object.entries(parsed as Record<string, Json>)
  }
  const at = line.indexOf('=')
  if (at < 0) throw new Error(`a line of DAGBOK_VALUES is neither key=value nor JSON: ${line.slice(0, 60)}`)
  const name = line.slice(0, at).trim()
  return [
    [
      name,
      typed(name, line.slice(at + 1), Object.hasOwn(declared, name) ? (declared[name]?.type ?? null) : null),
    ],
  ]
}

/** @throws Error with a sentence for the author */
export function parseValues(text: string, declared: Record<string, ValueDeclaration>): ResultValue[] {
  if (text.includes('\0')) throw new Error('DAGBOK_VALUES holds a NUL: it is a text')
  const found = new Map<string, Json>()
  for (const line of text.split(/\r?\n/))
    if (line.trim() !== '') for (const [name, value] of entriesOf(line, declared)) found.set(name, value)
  let all = 0
  return [...found].map(([name, value]) => {
    if (!namePattern.test(name))
      throw new Error(
        `'${name.slice(0, 60)}' is not a name for a value: a to z, 0 to 9, _ and -, a letter first`,
      )
    const why = whyNotKept(value)
    if (why !== null) throw new Error(`the value '${name}' cannot be kept: ${why}`)
    const size = Buffer.byteLength(JSON.stringify(value))
    all += size + name.length
    if (size > longest)
      throw new Error(
        `the value '${name}' has ${size} bytes, more than ${longest}: leave it as an output instead`,
      )
    if (all > most)
      throw new Error(`the values have more than ${most} bytes together: leave them as an output instead`)
    return { name, value, declared: Object.hasOwn(declared, name) }
  })
}
