/** Medians, percentiles and a plain table: what every workload reports with. */

/** The `q`-quantile (0 to 1) by linear interpolation between closest ranks. Throws on an empty list. */
export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (sorted.length - 1) * q
  const low = sorted[Math.floor(at)]
  const high = sorted[Math.ceil(at)]
  if (low === undefined || high === undefined) throw new Error('no values to take a quantile of')
  return low + (high - low) * (at - Math.floor(at))
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** Three significant digits: more would promise more than a shared machine can hold. */
export const round = (value: number): number => Number(value.toPrecision(3))

/** Median of ours ÷ peer, pair by pair: what drifts with the machine drifts in both. */
export const pairRatio = (ours: readonly number[], peer: readonly number[]): number =>
  median(ours.map((value, i) => value / (peer[i] ?? Number.NaN)))

export const ratioRow = (ours: readonly number[], peer: readonly number[]) => ({
  ratio: round(pairRatio(ours, peer)),
})

export type Row = Record<string, string | number>

/** Rows as a table with aligned columns, for people; `--json` has the same for programs. */
export function formatTable(rows: readonly Row[]): string {
  const first = rows[0]
  if (first === undefined) return '(no rows)'
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))]
  const widths = names.map((name) =>
    Math.max(name.length, ...rows.map((row) => String(row[name] ?? '').length)),
  )
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return [
    line(names),
    line(widths.map((w) => '-'.repeat(w))),
    ...rows.map((row) => line(names.map((n) => String(row[n] ?? '')))),
  ].join('\n')
}
