'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Comparison, OutputRow, TableDiff } from '#server/views/comparison.ts'
import { TextDiff } from '../../_components/diff.tsx'
import { numbered } from '../../_components/numbered.ts'
import { Fault, Loading } from '../../_components/page.tsx'
import { Pages } from '../../_components/pages.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useSource } from './comparison-source.ts'

/** Rows of a table's differences that are shown at once. */
const pageRows = 100

const marks = { added: '+', removed: '−', changed: '~', same: '' } as const

function Rows({ table }: { table: TableDiff }) {
  if (table.problem !== null)
    return <p className="muted pad">The tables cannot be joined: {table.problem}.</p>
  const numeric = table.columns.map((_, i) =>
    table.rows.every((row) =>
      [row.cells[i]?.before, row.cells[i]?.after].every((one) => one == null || Number.isFinite(Number(one))),
    ),
  )
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label="Rows">
      <table className="list">
        <thead>
          <tr>
            <th aria-label="Change" style={{ width: 20 }} />
            {table.columns.map((column, i) => (
              <th key={column} className={numeric[i] === true ? 'num' : ''}>
                {column}
                {table.key.includes(column) && <span className="muted"> key</span>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="mono">
          {numbered(table.rows, table.offset).map(({ number, item: row }) => (
            <tr key={number} className={row.change}>
              <td title={row.change}>{marks[row.change]}</td>
              {row.cells.map((cell, i) => (
                <td
                  key={table.columns[i]}
                  className={`${cell.changed ? 'chg' : ''} ${numeric[i] === true ? 'num' : ''}`}
                >
                  {cell.changed && <s>{cell.before}</s>}
                  {cell.after ?? cell.before}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface Props {
  row: OutputRow
  data: Comparison
  run: string
  onlyDifferences: boolean
}

/** Rows of a table, or lines of a text, that differ from the base's. */
export function ContentDifference({ row, data, run, onlyDifferences }: Props) {
  const trpc = useTRPC()
  const source = useSource()
  const [offset, setOffset] = useState(0)
  const input = {
    place: { task: row.task, key: row.key, name: row.name, run },
    onlyDifferences,
    offset,
    limit: pageRows,
  }
  const mine = useQuery(
    trpc.comparisons.output.queryOptions(
      { ...input, state: data.state },
      { enabled: source.kind === 'session', placeholderData: keepPreviousData },
    ),
  )
  const shared = useQuery(
    trpc.comparisons.sharedOutput.queryOptions(
      { ...input, secret: source.kind === 'share' ? source.secret : '' },
      { enabled: source.kind === 'share', placeholderData: keepPreviousData },
    ),
  )
  const query = source.kind === 'session' ? mine : shared
  if (query.error !== null) return <Fault error={query.error} />
  if (query.data === undefined) return <Loading />
  const { table, text } = query.data
  if (table === null)
    return text === null ? (
      <p className="muted pad">Their bytes differ.</p>
    ) : (
      <>
        {text.truncated && <p className="muted pad">Only the beginning of each is compared.</p>}
        <TextDiff before={text.before} after={text.after} />
      </>
    )
  const { changed, added, removed, same } = table.counts
  return (
    <>
      <p className="muted pad">
        {table.key.length > 0 ? `joined by ${table.key.join(', ')}: ` : 'joined by position: '}
        {changed} changed, {added} added, {removed} removed, {same} the same
      </p>
      <Rows table={table} />
      <Pages
        offset={offset}
        size={pageRows}
        total={changed + added + removed + (onlyDifferences ? 0 : same)}
        onOffset={setOffset}
      />
    </>
  )
}
