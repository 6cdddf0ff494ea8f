'use client'

import { ChevronDown, ChevronRight } from 'lucide-react'
import Link from 'next/link'
import { memo, useEffect, useRef } from 'react'
import { useVirtualizer } from '@tanstack/react-virtual'
import type { Grid } from '#server/views/dag.ts'
import { dagPath, type DagPlace } from '../../_components/page.tsx'
import { shapeOf, stateWords } from '../../_components/status.tsx'
import { durationWords } from '../../_components/time.tsx'
import { GridHead } from './grid-head.tsx'
import { versionSpans, type GridCell, type GridPlace, type GridRow } from './grid-model.ts'

/** Pixels of a row; rows that are drawn beyond what is seen. */
const rowHeight = 24
const beyond = 12
/** Rows up to which all are drawn. */
const drawnWhole = 120

const cellWords = (row: GridRow, run: Grid['runs'][number], cell: GridCell) =>
  [
    `${row.id}, run ${run.number}: ${stateWords(cell.state)}`,
    cell.items > 1 ? `${cell.done} of ${cell.items}` : null,
    cell.retried ? 'retried' : null,
    cell.duration === null ? null : durationWords(cell.duration),
  ]
    .filter((word) => word !== null)
    .join(', ')

interface RowProps {
  row: GridRow
  number: number
  grid: Grid
  place: DagPlace
  /** Class of each column: a change of version, a picked run. */
  columns: readonly string[]
  /** The run whose cell has the focus when it is this row's; else null. */
  at: number | null
  onFold: (group: string) => void
}

const Row = memo(function Row({ row, number, grid, place, columns, at, onFold }: RowProps) {
  const Chevron = row.folded ? ChevronRight : ChevronDown
  const widest = Math.max(0, ...row.cells.map((cell) => cell?.items ?? 0))
  return (
    <tr>
      <th scope="row" title={row.title ?? undefined} className={row.group === null ? '' : 'inner'}>
        {row.tasks === null ? (
          <>
            {row.group === null ? row.id : row.id.slice(row.group.length + 1)}
            {widest > 1 && <span className="muted"> × {widest}</span>}
          </>
        ) : (
          <button type="button" className="fold" aria-expanded={!row.folded} onClick={() => onFold(row.id)}>
            <Chevron aria-hidden size={14} /> {row.id} <span className="muted">{row.tasks} tasks</span>
          </button>
        )}
      </th>
      {grid.runs.map((run, r) => {
        const cell = row.cells[r] ?? null
        if (cell === null) return <td key={run.id} className={columns[r]} aria-label="not in this version" />
        const words = cellWords(row, run, cell)
        const query = row.tasks === null ? `?task=${encodeURIComponent(row.id)}` : ''
        return (
          <td key={run.id} className={columns[r]}>
            <Link
              href={`${dagPath(place)}/runs/${run.number}${query}`}
              prefetch={false}
              aria-label={words}
              title={words}
              data-at={`${number},${r}`}
              tabIndex={at === r ? 0 : -1}
            >
              <span className={`dot ${shapeOf(cell.state)} ${cell.retried ? 're' : ''}`} />
            </Link>
          </td>
        )
      })}
    </tr>
  )
})

interface Props {
  grid: Grid
  rows: readonly GridRow[]
  place: DagPlace
  picked: readonly string[]
  toggle: (id: string) => void
  at: GridPlace
  onFold: (group: string) => void
  /** A cell that is to have the focus, as soon as it is drawn. */
  wanted: GridPlace | null
  onFocused: () => void
}

/** Runs by tasks: a column per run, a line where the version changes. Of very many rows those in view are drawn. */
export function GridTable(props: Props) {
  const { grid, rows, place, picked, toggle, at, onFold, wanted, onFocused } = props
  const scroll = useRef<HTMLDivElement>(null)
  const spans = versionSpans(grid.runs)
  const edges = new Set(spans.slice(1).map((span) => span.first))
  const columns = grid.runs.map((run, r) =>
    [edges.has(r) ? 'b' : '', picked.includes(run.id) ? 'sel' : ''].join(' ').trim(),
  )
  const all = rows.length <= drawnWhole
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroll.current,
    estimateSize: () => rowHeight,
    overscan: beyond,
    enabled: !all,
  })
  // After every drawing: the row of the cell may first have to be scrolled to.
  useEffect(() => {
    if (wanted === null) return
    const cell = scroll.current?.querySelector<HTMLElement>(`[data-at="${wanted.row},${wanted.run}"]`)
    if (cell == null) return virtual.scrollToIndex(wanted.row, { align: 'center' })
    cell.focus({ preventScroll: true })
    cell.scrollIntoView({ block: 'nearest', inline: 'nearest' })
    onFocused()
  })
  const items = virtual.getVirtualItems()
  const [first, last] = all ? [0, rows.length - 1] : [items[0]?.index ?? 0, items.at(-1)?.index ?? -1]
  const shown = rows.slice(first, last + 1)
  return (
    <div className="gridbox" ref={scroll}>
      <table className="grid" aria-rowcount={rows.length}>
        <GridHead grid={grid} spans={spans} columns={columns} place={place} picked={picked} toggle={toggle} />
        <tbody>
          {first > 0 && <tr style={{ height: first * rowHeight }} aria-hidden />}
          {shown.map((row, i) => (
            <Row
              key={`${row.tasks === null ? 'task' : 'group'} ${row.id}`}
              row={row}
              number={first + i}
              grid={grid}
              place={place}
              columns={columns}
              at={at.row === first + i ? at.run : null}
              onFold={onFold}
            />
          ))}
          {last < rows.length - 1 && (
            <tr style={{ height: (rows.length - 1 - last) * rowHeight }} aria-hidden />
          )}
        </tbody>
      </table>
    </div>
  )
}
