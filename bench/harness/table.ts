/** Rows for people: a table, and below it every pair that a ratio was taken from. `--json` has the same for programs. */
import type { Compared, Row } from './statistics.ts'

const shown = (cell: Row[string]): string =>
  typeof cell === 'string' || typeof cell === 'number' ? String(cell) : ''

/** Rows as a table with aligned columns. */
export function formatTable(rows: readonly Row[]): string {
  if (rows.length === 0) return '(no rows)'
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))].filter((name) => name !== 'pairs')
  const widths = names.map((name) => Math.max(name.length, ...rows.map((row) => shown(row[name]).length)))
  const line = (cells: string[]) =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd()
  return [
    line(names),
    line(widths.map((w) => '-'.repeat(w))),
    ...rows.map((row) => line(names.map((name) => shown(row[name])))),
  ].join('\n')
}

const inLine = 6

/** `12/10 = 1.2`, six of them in a line. */
function formatPairs({ pairs }: Compared): string[] {
  const texts = pairs.map(({ ours, peer, ratio }) => `${ours}/${peer} = ${ratio}`)
  return Array.from(
    { length: Math.ceil(texts.length / inLine) },
    (_, i) => `  ${texts.slice(i * inLine, (i + 1) * inLine).join('   ')}`,
  )
}

/** Every ratio pair by pair, ours/peer = ratio; empty where there are none. */
export const formatAllPairs = (rows: readonly Row[]): string =>
  rows
    .flatMap((row) =>
      (row.pairs ?? []).flatMap((compared) => [
        `${shown(row['figure'])} ÷ ${compared.peer}, pair by pair:`,
        ...formatPairs(compared),
      ]),
    )
    .join('\n')
