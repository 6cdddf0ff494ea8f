/** The contract of what compares two tables, apart from whoever asks: it takes seconds for large ones. */
import { joinTables, parseTable } from '../../domain/comparison/tables.ts'
import type { OutputDeclaration } from '../../domain/dag/spec.ts'
import type { TableDiff } from '../../views/comparison.ts'

export interface TablePair {
  /** UTF-8. */
  before: Uint8Array
  after: Uint8Array
  delimiter: ',' | '\t'
  declared: Pick<OutputDeclaration, 'key' | 'tolerance'>
  onlyDifferences: boolean
  /** The page of rows that is wanted. */
  offset: number
  limit: number
}

export interface TableComparer {
  /** @throws DagbokError `too_large` when it takes too long or too much memory */
  compare: (pair: TablePair) => Promise<TableDiff>
}

const emptyTable = (problem: string): TableDiff => ({
  columns: [],
  key: [],
  problem,
  counts: { added: 0, removed: 0, changed: 0, same: 0 },
  offset: 0,
  rows: [],
})

/** A page of the two tables' rows side by side, with the counts of all. */
export function compareTables(pair: TablePair): TableDiff {
  const { declared, offset } = pair
  const read = (bytes: Uint8Array) => parseTable(Buffer.from(bytes).toString('utf8'), pair.delimiter)
  let tables
  try {
    tables = [read(pair.before), read(pair.after)] as const
  } catch {
    return emptyTable('one of them is no table')
  }
  const { columns, problem, rows } = joinTables(...tables, declared.key, declared.tolerance)
  const counts = { added: 0, removed: 0, changed: 0, same: 0 }
  for (const { change } of rows) counts[change]++
  const shown = pair.onlyDifferences ? rows.filter((row) => row.change !== 'same') : rows
  return {
    columns,
    key: declared.key,
    problem,
    counts,
    offset,
    rows: shown.slice(offset, offset + pair.limit),
  }
}
