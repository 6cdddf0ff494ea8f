/** A JSON value, as it is stored in `jsonb`, sent over the wire, or read by an expression. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** One text for equal values, whatever the order of their keys: for comparing and for hashing. `undefined` is left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

/** Whether JavaScript may have rounded it: a whole number beyond 2^53. */
export const isRounded = (value: unknown): boolean =>
  typeof value === 'number' && Number.isInteger(value) && !Number.isSafeInteger(value)

/** The first number written as a whole one that JavaScript rounds, `9007199254740993` say; null when there is none. */
export function roundedIn(text: string): string | null {
  let found: string | null = null
  JSON.parse(text, (_: string, value: unknown, { source = '' }: { source?: string } = {}) => {
    if (isRounded(value) && /^-?\d+$/.test(source)) found ??= source
    return value
  })
  return found
}

export const roundedWords = (number: string) =>
  `${number} is a whole number beyond 2^53, which would be rounded: write it as a text, in quotes`

/** Deeper than any value needs; Postgres gives up somewhere beyond. */
const deepest = 64

/**
 * Why a value cannot be kept, or null: JSON may hold a NUL and half a character by escape, and lists in lists without an
 * end; Postgres may not.
 */
export function whyNotKept(value: Json, depth = 0): string | null {
  if (typeof value === 'string')
    return value.includes('\0') || !value.isWellFormed() ? 'it holds a NUL or half a character' : null
  if (typeof value === 'number') return Number.isFinite(value) ? null : 'it holds a number that is not finite'
  if (typeof value !== 'object' || value === null) return null
  if (depth >= deepest) return `it is nested deeper than ${deepest} levels`
  for (const [name, item] of Object.entries(value)) {
    const why = whyNotKept(name) ?? whyNotKept(item, depth + 1)
    if (why !== null) return why
  }
  return null
}

/** A text of a program or a person, which may hold a NUL or have been cut in the middle of a character, as it can be kept. */
export const keptText = <T extends string | null>(text: T) =>
  (text === null ? null : text.toWellFormed().replaceAll('\0', '\ufffd')) as T extends string ? string : null

/** The same with each text changed; names of objects stay, unless they are changed, too. */
export function mapTexts(
  json: Json,
  change: (text: string) => string,
  name: (name: string) => string = (one) => one,
): Json {
  if (typeof json === 'string') return change(json)
  if (Array.isArray(json)) return json.map((one) => mapTexts(one, change, name))
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([key, one]) => [name(key), mapTexts(one, change, name)]),
  )
}
