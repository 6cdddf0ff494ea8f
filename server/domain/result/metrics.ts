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

function readLine(line: string): { name: string; step: number | null; value: number }[] {
  let parsed: unknown
  try {
    parsed = JSON.parse(line)
  } catch {
    throw new Error(`a line of DAGBOK_METRICS is not JSON: ${line.slice(0, 60)}`)
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    throw new Error(`a line of DAGBOK_METRICS is not an object: ${line.slice(0, 60)}`)
  const { name, value, step } = parsed as Record<string, unknown>
  if (typeof name === 'string' && typeof value === 'number')
    return [{ name, value, step: typeof step === 'number' && Number.isSafeInteger(step) ? step : null }]
  return Object.entries(parsed).map(([key, figure]) => {
    if (typeof figure !== 'number')
      throw new Error(`the metric '${key}' is not a number: ${JSON.stringify(figure).slice(0, 40)}`)
    return { name: key, value: figure, step: null }
  })
}

/** In order of appearance. @throws Error with a sentence for the author */
export function parseMetrics(text: string, declared: Record<string, MetricDeclaration>): ResultMetric[] {
  if (text.includes('\0')) throw new Error('DAGBOK_METRICS holds a NUL: it is a text')
  const found = text.split(/\r?\n/).flatMap((line) => (line.trim() === '' ? [] : readLine(line)))
  if (found.length > most)
    throw new Error(`there are ${found.length} metrics, more than ${most}: leave them as an output instead`)
  for (const { name, value } of found)
    if (!Number.isFinite(value)) throw new Error(`the metric '${name.slice(0, 60)}' is not a finite number`)
  for (const { name } of found)
    if (!namePattern.test(name))
      throw new Error(
        `'${name.slice(0, 60)}' is not a name for a metric: a to z, 0 to 9, _ and -, a letter first`,
      )
  return found.map((metric) => ({ ...metric, declared: Object.hasOwn(declared, metric.name) }))
}
