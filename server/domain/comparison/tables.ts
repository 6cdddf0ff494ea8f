/** Two tables joined by their key columns: rows added, removed, changed, cell by cell. */
import { parse } from 'csv-parse/sync'
import type { Tolerance } from '../dag/spec.ts'
import { equalWithin } from './figures.ts'

export interface Table {
  columns: string[]
  rows: string[][]
}

/** Comma or tab separated, a header first. @throws Error with a sentence when it is no such table */
export function parseTable(text: string, delimiter: ',' | '\t'): Table {
  const [columns = [], ...rows] = parse(text, {
    delimiter,
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
  })
  return { columns, rows }
}

export interface TableDiffRow {
  change: 'added' | 'removed' | 'changed' | 'same'
  cells: { before: string | null; after: string | null; changed: boolean }[]
}

export interface JoinedTables {
  columns: string[]
  /** Why they cannot be joined; then there are no rows. */
  problem: string | null
  rows: TableDiffRow[]
}

const equalCells = (a: string, b: string, tolerance: Tolerance | null): boolean => {
  if (a === b) return true
  if (a.trim() === '' || b.trim() === '') return false
  const [x, y] = [Number(a), Number(b)]
  return Number.isFinite(x) && Number.isFinite(y) && equalWithin(x, y, tolerance)
}

function keyed(table: Table, key: readonly string[]): Map<string, string[]> | string {
  const at = key.map((name) => table.columns.indexOf(name))
  const absent = key.filter((_, i) => at[i] === -1)
  if (absent.length > 0) return `the key column ${absent.join(', ')} is not in both tables`
  const rows = new Map<string, string[]>()
  for (const row of table.rows) {
    const id = JSON.stringify(at.map((column) => row[column] ?? ''))
    if (rows.has(id)) return `the key ${key.join(', ')} is not unique: ${id} stands twice`
    rows.set(id, row)
  }
  return rows
}

/** Without a key rows are joined by their position. Order: that of `after`, then what is gone. */
export function joinTables(
  before: Table,
  after: Table,
  key: readonly string[],
  tolerance: Tolerance | null,
): JoinedTables {
  const columns = [...after.columns, ...before.columns.filter((name) => !after.columns.includes(name))]
  const byPosition = (table: Table) => new Map(table.rows.map((row, i) => [String(i), row]))
  const old = key.length === 0 ? byPosition(before) : keyed(before, key)
  const now = key.length === 0 ? byPosition(after) : keyed(after, key)
  if (typeof old === 'string' || typeof now === 'string')
    return { columns, problem: typeof old === 'string' ? old : (now as string), rows: [] }
  const cell = (table: Table, row: string[] | undefined, column: string) => {
    const at = table.columns.indexOf(column)
    return row === undefined || at === -1 ? null : (row[at] ?? '')
  }
  const join = (was: string[] | undefined, is: string[] | undefined): TableDiffRow => {
    const cells = columns.map((column) => {
      const [a, b] = [cell(before, was, column), cell(after, is, column)]
      const changed =
        was !== undefined &&
        is !== undefined &&
        (a === null || b === null ? a !== b : !equalCells(a, b, tolerance))
      return { before: a, after: b, changed }
    })
    if (was === undefined) return { change: 'added', cells }
    if (is === undefined) return { change: 'removed', cells }
    return { change: cells.some((one) => one.changed) ? 'changed' : 'same', cells }
  }
  const rows = [...now].map(([id, row]) => join(old.get(id), row))
  for (const [id, row] of old) if (!now.has(id)) rows.push(join(row, undefined))
  return { columns, problem: null, rows }
}
