/** A JSON value, as it is stored in `jsonb`, sent over the wire, or read by an expression. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** One text for equal values, whatever the order of their keys: for comparing and for hashing. `undefined` is left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) return inner
    return Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}
