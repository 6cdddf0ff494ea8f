'use client'

import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { useLayoutEffect, useRef, useState } from 'react'
import type { DagSummary } from '#server/views/dag.ts'
import { useKeys } from '../../_components/use-keys.ts'
import { DagRow } from './dag-row.tsx'

/** Pixels of a row; rows drawn beyond what is seen; up to how many all are drawn. */
const rowHeight = 28
const beyond = 15
const drawnWhole = 100

const focused = (): number =>
  Number(document.activeElement?.closest<HTMLElement>('[data-row]')?.dataset['row'] ?? -1)

/** DAGs, one a row; arrows and J, K walk over them. Of very many, those in view are drawn. */
export function DagTable({ dags }: { dags: readonly DagSummary[] }) {
  const table = useRef<HTMLTableElement>(null)
  const [top, setTop] = useState(0)
  useLayoutEffect(() => setTop(table.current?.offsetTop ?? 0), [])
  const all = dags.length <= drawnWhole
  const virtual = useWindowVirtualizer({
    count: dags.length,
    estimateSize: () => rowHeight,
    overscan: beyond,
    scrollMargin: top,
    enabled: !all,
  })
  const items = virtual.getVirtualItems()
  const [first, last] = all ? [0, dags.length - 1] : [items[0]?.index ?? 0, items.at(-1)?.index ?? -1]
  const walk = (by: number) => {
    const to = Math.max(0, Math.min(dags.length - 1, focused() + by))
    const find = () => table.current?.querySelector<HTMLElement>(`[data-row="${to}"]`) ?? null
    if (find() === null) virtual.scrollToIndex(to, { align: 'center' })
    requestAnimationFrame(() => {
      find()?.focus()
      find()?.scrollIntoView({ block: 'nearest' })
    })
  }
  useKeys([
    { key: 'ArrowDown', also: ['j'], words: 'Next DAG', act: () => walk(1), moves: true },
    { key: 'ArrowUp', also: ['k'], words: 'Previous DAG', act: () => walk(-1), moves: true },
  ])
  return (
    <table className="list" ref={table} aria-rowcount={dags.length}>
      <thead>
        <tr>
          <th aria-label="State" />
          <th>DAG</th>
          <th>Repository</th>
          <th>Version</th>
          <th>Last runs</th>
          <th>Newest</th>
          <th>Next</th>
        </tr>
      </thead>
      <tbody>
        {first > 0 && <tr style={{ height: first * rowHeight }} aria-hidden />}
        {dags.slice(first, last + 1).map((dag, i) => (
          <DagRow key={dag.id} dag={dag} number={first + i} />
        ))}
        {last < dags.length - 1 && (
          <tr style={{ height: (dags.length - 1 - last) * rowHeight }} aria-hidden />
        )}
      </tbody>
    </table>
  )
}
