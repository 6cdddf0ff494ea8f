'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Comparison, OutputRow, TableDiff } from '#server/views/comparison.ts'
import { TextDiff } from '../../_components/diff.tsx'
import { numbered } from '../../_components/numbered.ts'
import { Fault } from '../../_components/page.tsx'
import { Pages } from '../../_components/pages.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import type { ComparisonSource } from './comparison-view.tsx'

/** Rows of a table's differences that are shown at once. */
const pageRows = 100

interface Props {
  row: OutputRow
  data: Comparison
  source: ComparisonSource
  onlyDifferences: boolean
}

function Rows({ table }: { table: TableDiff }) {
  if (table.problem !== null)
    return <p className="muted pad">The tables cannot be joined: {table.problem}.</p>
  return (
    <table className="list">
      <thead>
        <tr>
          {table.columns.map((column) => (
            <th key={column}>{column}</th>
          ))}
        </tr>
      </thead>
      <tbody className="mono">
        {numbered(table.rows, table.offset).map(({ number, item: row }) => (
          <tr key={number} className={row.change}>
            {row.cells.map((cell, i) => (
              <td key={table.columns[i]} className={cell.changed ? 'chg' : ''}>
                {cell.changed && <s>{cell.before}</s>}
                {cell.after ?? cell.before}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function Difference({ row, data, source, onlyDifferences, run }: Props & { run: string }) {
  const trpc = useTRPC()
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
      { ...input, secret: source.secret ?? '' },
      { enabled: source.kind === 'share', placeholderData: keepPreviousData },
    ),
  )
  const query = source.kind === 'session' ? mine : shared
  if (query.error !== null) return <Fault error={query.error} />
  if (query.data === undefined) return null
  const { table, text } = query.data
  if (table !== null)
    return (
      <>
        <p className="muted pad">
          {table.key.length > 0 ? `joined by ${table.key.join(', ')}: ` : 'joined by position: '}
          {table.counts.changed} changed, {table.counts.added} added, {table.counts.removed} removed,{' '}
          {table.counts.same} the same
        </p>
        <Rows table={table} />
        <Pages
          offset={offset}
          size={pageRows}
          total={
            table.counts.changed +
            table.counts.added +
            table.counts.removed +
            (onlyDifferences ? 0 : table.counts.same)
          }
          onOffset={setOffset}
        />
      </>
    )
  return text === null ? (
    <p className="muted pad">Their bytes differ.</p>
  ) : (
    <TextDiff before={text.before} after={text.after} />
  )
}

async function readImageDiff(url: string): Promise<{ ratio: number; image: string } | null> {
  const response = await fetch(url)
  if (!response.ok) return null
  return {
    ratio: Number(response.headers.get('x-dagbok-ratio')),
    image: URL.createObjectURL(await response.blob()),
  }
}

function Images({ row, data, source, run }: Omit<Props, 'onlyDifferences'> & { run: string }) {
  const urlOf = (url: string) =>
    source.kind === 'session'
      ? url
      : url
          .replace('/api/artifacts/attempts', `/share/${source.secret}/outputs`)
          .replace(/\/outputs\/([^/]+)$/, '/$1')
  const query = new URLSearchParams({
    task: row.task,
    name: row.name,
    run,
    runs: data.state.runs.join(','),
    base: data.base,
  })
  if (row.key !== null) query.set('key', row.key)
  const diffUrl = `${source.kind === 'session' ? '/api/image-diff' : `/share/${source.secret}/image-diff`}?${query.toString()}`
  const diff = useQuery({
    queryKey: ['image-diff', diffUrl],
    queryFn: () => readImageDiff(diffUrl),
    staleTime: Infinity,
  })
  const shown = data.runs
    .map((one, i) => ({ run: one, cell: row.cells[i] }))
    .filter((one) => one.run.id === data.base || one.run.id === run)
  return (
    <div className="images">
      {shown.map(({ run: one, cell }) => (
        <figure key={one.id}>
          <figcaption>
            v{one.version.number}, run {one.number}
          </figcaption>
          {cell == null ? (
            <p className="muted">none</p>
          ) : (
            <img src={urlOf(cell.url)} alt={`${row.path} of run ${one.number}`} />
          )}
        </figure>
      ))}
      {diff.data != null && (
        <figure>
          <figcaption>
            differing pixels <b>{(diff.data.ratio * 100).toFixed(1)} %</b>
          </figcaption>
          <img src={diff.data.image} alt="Differing pixels" />
        </figure>
      )}
    </div>
  )
}

/** One output, the base's against one other run's. */
export function OutputDifference({ row, data, source, onlyDifferences }: Props) {
  const others = data.runs.filter((run) => run.id !== data.base)
  const [run, setRun] = useState(others[0]?.id ?? '')
  const both = row.cells.filter((cell) => cell !== null).length > 1
  return (
    <div className="sheet">
      <header>
        <h2>
          {row.path}{' '}
          <span className="muted">
            {row.task}
            {row.key === null ? '' : ` ${row.key}`}
          </span>
        </h2>
        {row.same && <span className="muted">the same</span>}
        <span className="grow" />
        {others.length > 1 && (
          <select
            className="input"
            aria-label="Against the baseline"
            value={run}
            onChange={(event) => setRun(event.target.value)}
          >
            {others.map((one) => (
              <option key={one.id} value={one.id}>
                v{one.version.number}, run {one.number}
              </option>
            ))}
          </select>
        )}
      </header>
      {!both && <p className="muted pad">Only one of the runs has it.</p>}
      {both && row.kind === 'image' && <Images row={row} data={data} source={source} run={run} />}
      {both && row.kind !== 'image' && !row.same && (
        <Difference row={row} data={data} source={source} onlyDifferences={onlyDifferences} run={run} />
      )}
    </div>
  )
}
