/** What a task appends to `DAGBOK_METRICS` (N1): JSON lines `{name: value}` or `{name, value, step}`. */
import type { MetricDeclaration } from '../dag/spec.ts'

export interface ResultMetric {
  name: string
  step: number | null
  value: number
  declared: boolean
}

const most = 100_000
const namePattern = /^[a-z][a-z0-9_-]{0,62}$/

/** @param n of the line, from 1. What it says is not quoted: it may be a secret, and a part of one is not found any more. */
function readLine(line: string, n: number): { name: string; step: number | null; value: number }[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw new Error(`line ${n} of DAGBOK_METRICS is not JSON`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error(`line ${n} of DAGBOK_METRICS is not an object`)
  const { name, value, step } = parsed as Record<string, unknown>
  if (typeof name === 'string' && typeof value === 'number')
    return [{ name, value, step: typeof step === 'number' && Number.isSafeInteger(step) ? step : null }]
  return Object.entries(parsed).map(([key, figure]) => {
    if (typeof figure !== 'number') throw new Error(`a metric of line ${n} of DAGBOK_METRICS is not a number`)
    return { name: key, value: figure, step: null }
  })
}

/** In order of appearance. @throws Error with a sentence for the author */
export function parseMetrics(text: string, declared: Record<string, MetricDeclaration>): ResultMetric[] {
  if (text.includes('\0')) throw new Error('DAGBOK_METRICS holds a NUL: it is a text')
  const found = text
    .split(/\r?\n/)
    .flatMap((line, at) =>
      line.trim() === '' ? [] : readLine(line, at + 1).map((one) => ({ ...one, line: at + 1 })),
    )
  if (found.length > most)
    throw new Error(`there are ${found.length} metrics, more than ${most}: leave them as an output instead`)
  for (const { name, value, line } of found) {
    if (!Number.isFinite(value))
      throw new Error(`a metric of line ${line} of DAGBOK_METRICS is not a finite number`)
    if (!namePattern.test(name))
      throw new Error(
        `line ${line} of DAGBOK_METRICS names a metric wrongly: a to z, 0 to 9, _ and -, a letter first`,
      )
  }
  return found.map(({ name, step, value }) => ({
    name,
    step,
    value,
    declared: Object.hasOwn(declared, name),
  }))
}
