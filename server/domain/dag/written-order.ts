/** The same fields in the order of `names`; those that it does not name come last, as they are. */
export function inWrittenOrder<T>(
  fields: Readonly<Record<string, T>>,
  names: readonly string[] = [],
): Record<string, T> {
  const place = new Map(names.map((name, i) => [name, i]))
  const of = (name: string) => place.get(name) ?? names.length
  return Object.fromEntries(Object.entries(fields).toSorted(([a], [b]) => of(a) - of(b)))
}
