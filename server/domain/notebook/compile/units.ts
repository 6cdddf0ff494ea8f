/** Durations, memory and processors as the format writes them. The text was checked against the schema before. */
const durations: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
const sizes: Record<string, number> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
}

/** `1h30m` → ms. */
export function milliseconds(text: string): number {
  let sum = 0
  for (const [, number, unit] of text.matchAll(/([0-9.]+)(ms|s|m|h|d)/g))
    sum += Number(number) * (durations[unit ?? ''] ?? 0)
  return Math.round(sum)
}

/** `512Mi` or a number → bytes. */
export function bytes(value: string | number): number {
  if (typeof value === 'number') return value
  const [, number, unit] = /^([0-9.]+)([A-Za-z]*)$/.exec(value) ?? []
  return Math.round(Number(number) * (sizes[unit ?? ''] ?? 1))
}

/** `500m` or a number → processors. */
export const processors = (value: string | number): number =>
  typeof value === 'string' && value.endsWith('m') ? Number(value.slice(0, -1)) / 1000 : Number(value)
