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

const placeWords = (row: FigureRow) => `${row.task}${row.key === null ? '' : ` (${row.key})`}`

interface Figure {
  row: FigureRow
  cell: FigureCell
}

const size = ({ cell }: Figure) => Math.abs(cell.deltaRatio ?? 0)

/** One sentence for all figures of a name that changed alike: `accuracy +0.7 % to +2.8 %, tolerance ±0.5 %`. */
function reason(name: string, figures: readonly Figure[], places: number): string {
  const deltas = figures.toSorted((a, b) => size(a) - size(b)).map(({ cell }) => deltaWords(cell))
  const [least, most] = [deltas[0] ?? '', deltas.at(-1) ?? '']
  const [first] = figures
  const where =
    figures.length === places || first === undefined
      ? ''
      : figures.length === 1
        ? ` in ${placeWords(first.row)}`
        : ` in ${figures.length} of ${places}`
  return `${name} ${least === most ? most : `${least} to ${most}`}${where}${toleranceWords(first?.row.tolerance ?? null)}`
}

/** A reason per metric that has figures changed so, the largest first. The same metric of several tasks is one. */
function reasonsOf(declared: readonly FigureRow[], change: FigureCell['change']): string[] {
  const figures = declared.flatMap((row) =>
    row.cells.flatMap((cell): Figure[] => (cell === null || cell.change === 'base' ? [] : [{ row, cell }])),
  )
  return [...Map.groupBy(figures, ({ row }) => row.name)]
    .map(([name, all]) => ({ name, all, changed: all.filter(({ cell }) => cell.change === change) }))
    .filter(({ changed }) => changed.length > 0)
    .toSorted((a, b) => Math.max(...b.changed.map(size)) - Math.max(...a.changed.map(size)))
    .map(({ name, all, changed }) => reason(name, changed, all.length))
}

/** @param failed for each run what failed in it, null where it did not fail */
export function verdictOf(
  rows: readonly FigureRow[],
  failed: readonly (string | null)[],
  base: number,
): Verdict {
  const declared = rows.filter((row) => row.better !== null)
  const newlyFailed = failed[base] === null ? failed.filter((one) => one !== null) : []
  const worse = reasonsOf(declared, 'worse')
  const better = reasonsOf(declared, 'better')
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
