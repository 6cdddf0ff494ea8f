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
function typed(name: string, text: string, type: ValueDeclaration['type'], line: number): Json {
  if (type === null || type === 'string') return text
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if ((type === 'integer' || type === 'number') && text.trim() !== '') {
    const number = Number(text)
    if (Number.isFinite(number) && (type === 'number' || Number.isSafeInteger(number))) return number
  }
  if (type === 'json') return parseJson(`the value '${name}' in line ${line} of DAGBOK_VALUES`, text)
  throw new Error(
    `the value '${name}' is declared ${type}, and what line ${line} of DAGBOK_VALUES gives it is not`,
  )
}

function parseJson(what: string, text: string): Json {
  let rounded: string | null
  try {
    rounded = roundedIn(text)
  } catch {
    throw new Error(`${what} is not JSON`)
  }
  if (rounded !== null) throw new Error(`in ${what} ${roundedWords(rounded)}`)
  return JSON.parse(text) as Json
}

/** @param n of the line, from 1. What it says is not quoted: it may be a secret, and a part of one is not found any more. */
function entriesOf(line: string, n: number, declared: Record<string, ValueDeclaration>): [string, Json][] {
  if (line.startsWith('{')) {
    const parsed = parseJson(`line ${n} of DAGBOK_VALUES`, line)
    return Object.entries(parsed as Record<string, Json>)
  }
  const at = line.indexOf('=')
  if (at < 0) throw new Error(`line ${n} of DAGBOK_VALUES is neither key=value nor JSON`)
  const name = line.slice(0, at).trim()
  const type = Object.hasOwn(declared, name) ? (declared[name]?.type ?? null) : null
  return [[name, typed(name, line.slice(at + 1), type, n)]]
}

/** @throws Error with a sentence for the author */
export function parseValues(text: string, declared: Record<string, ValueDeclaration>): ResultValue[] {
  if (text.includes('\0')) throw new Error('DAGBOK_VALUES holds a NUL: it is a text')
  const found = new Map<string, Json>()
  for (const [at, line] of text.split(/\r?\n/).entries())
    if (line.trim() !== '')
      for (const [name, value] of entriesOf(line, at + 1, declared)) {
        if (!namePattern.test(name))
          throw new Error(
            `line ${at + 1} of DAGBOK_VALUES names a value wrongly: a to z, 0 to 9, _ and -, a letter first`,
          )
        found.set(name, value)
      }
  let all = 0
  return [...found].map(([name, value]) => {
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
