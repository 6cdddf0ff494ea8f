/** Figures side by side: equal within tolerance, better or worse by the declared direction (results.md, "Rule"). */
import type { MetricDeclaration, Tolerance } from '../dag/spec.ts'

/** |a−b| ≤ max(abs, rel · max(|a|, |b|)); without a tolerance only what is the same is equal. */
export const equalWithin = (a: number, b: number, tolerance: Tolerance | null): boolean =>
  Math.abs(a - b) <= Math.max(tolerance?.abs ?? 0, (tolerance?.rel ?? 0) * Math.max(Math.abs(a), Math.abs(b)))

export interface FigureCell {
  value: number
  /** Against the base; null for the base itself and where the base has none. */
  delta: number | null
  /** `delta` by the base's absolute value; null also when that is 0. */
  deltaRatio: number | null
  change: 'base' | 'same' | 'better' | 'worse' | 'changed'
}

/** One figure per run, in order; `base` is the position of the base. */
export function compareFigures(
  values: readonly (number | null)[],
  base: number,
  declared: Pick<MetricDeclaration, 'better' | 'tolerance'>,
): (FigureCell | null)[] {
  const reference = values[base] ?? null
  return values.map((value, i) => {
    if (value === null) return null
    if (i === base) return { value, delta: null, deltaRatio: null, change: 'base' }
    if (reference === null) return { value, delta: null, deltaRatio: null, change: 'changed' }
    const delta = value - reference
    const deltaRatio = reference === 0 ? null : delta / Math.abs(reference)
    if (equalWithin(value, reference, declared.tolerance)) return { value, delta, deltaRatio, change: 'same' }
    if (declared.better === null) return { value, delta, deltaRatio, change: 'changed' }
    const up = delta > 0
    return { value, delta, deltaRatio, change: up === (declared.better === 'higher') ? 'better' : 'worse' }
  })
}

export interface FigureRow {
  task: string
  key: string | null
  name: string
  better: 'higher' | 'lower' | null
  tolerance: Tolerance | null
  cells: (FigureCell | null)[]
}

export const verdictWords = {
  better: 'Better',
  same: 'Same',
  regressed: 'Regressed',
  none: 'No verdict',
} as const

export interface Verdict {
  word: keyof typeof verdictWords
  reasons: string[]
}

const signed = (text: string, n: number) => (n > 0 ? `+${text}` : text.replace('-', '−'))

/** `+2.8 %`, or the plain difference where a share means nothing. */
export function deltaWords(cell: Pick<FigureCell, 'delta' | 'deltaRatio'>): string {
  if (cell.delta === null) return ''
  if (cell.deltaRatio === null) return signed(String(Number(cell.delta.toPrecision(3))), cell.delta)
  return `${signed((cell.deltaRatio * 100).toFixed(1), cell.delta)} %`
}

/** A figure as it is shown, to six places. */
export const valueWords = (value: number): string => String(Number(value.toPrecision(6)))

/** What became of a figure against the base: `within tolerance`, `+0.027 · +2.8 % better`; '' for the base itself. */
export function changeWords({ delta, deltaRatio, change }: FigureCell): string {
  if (delta === null) return ''
  if (change === 'same') return 'within tolerance'
  const share = deltaRatio === null ? '' : ` · ${deltaWords({ delta, deltaRatio })}`
  return `${deltaWords({ delta, deltaRatio: null })}${share} ${change}`
}

const toleranceWords = (tolerance: Tolerance | null): string => {
  if (tolerance === null) return ''
  const parts = [
    ...(tolerance.rel === undefined ? [] : [`±${Number((tolerance.rel * 100).toPrecision(3))} %`]),
    ...(tolerance.abs === undefined ? [] : [`±${tolerance.abs}`]),
  ]
  return parts.length === 0 ? '' : `, tolerance ${parts.join(' or ')}`
}

/** @param failed for each run what failed in it, null where it did not fail */
export function verdictOf(
  rows: readonly FigureRow[],
  failed: readonly (string | null)[],
  base: number,
): Verdict {
  const declared = rows.filter((row) => row.better !== null)
  const words = (row: FigureRow, cell: FigureCell) =>
    `${row.task}.${row.name}${row.key === null ? '' : ` (${row.key})`} ${deltaWords(cell)}${toleranceWords(row.tolerance)}`
  const of = (change: FigureCell['change']) =>
    declared
      .flatMap((row) => row.cells.flatMap((cell) => (cell?.change === change ? [{ row, cell }] : [])))
      .toSorted((a, b) => Math.abs(b.cell.deltaRatio ?? 0) - Math.abs(a.cell.deltaRatio ?? 0))
      .map(({ row, cell }) => words(row, cell))
  const newlyFailed = failed[base] === null ? failed.filter((one) => one !== null) : []
  const worse = of('worse')
  const better = of('better')
  if (newlyFailed.length > 0 || worse.length > 0)
    return {
      word: 'regressed',
      reasons: [...newlyFailed.map((one) => `failed in ${one}`), ...worse, ...better],
    }
  if (declared.length === 0)
    return {
      word: 'none',
      reasons: ['no metric declares whether higher or lower is better, so there is no verdict'],
    }
  if (better.length > 0) return { word: 'better', reasons: [...better, 'no metric worse'] }
  return {
    word: 'same',
    reasons: [`${declared.length} declared ${declared.length === 1 ? 'figure' : 'figures'} within tolerance`],
  }
}
