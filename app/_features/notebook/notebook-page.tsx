'use client'

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import type { Grid } from '#server/views/dag.ts'
import { DagBar, dagPath, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { useTitle } from '../../_components/use-title.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import type { Went } from './cell-view.tsx'
import { NotebookEditor } from './notebook-editor.tsx'

/** How each task went in the newest run. */
function wentOf(grid: Grid | undefined, place: DagPlace): ReadonlyMap<string, Went> {
  const run = grid?.runs.at(-1)
  const cells = grid?.cells.at(-1)
  if (grid === undefined || run === undefined || cells === undefined) return new Map()
  return new Map(
    grid.tasks.flatMap((task, i): [string, Went][] => {
      const cell = cells[i]
      if (cell == null) return []
      const href = `${dagPath(place)}/runs/${run.number}?task=${encodeURIComponent(task.id)}`
      return [
        [task.id, { run: run.number, state: cell.state, items: cell.items, duration: cell.duration, href }],
      ]
    }),
  )
}

/** A page of its own for each text of the file: a newer one is shown at once; what was typed upon the older is kept and offered. */
export function NotebookPage({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const notebook = useQuery(
    trpc.dags.notebook.queryOptions(place, { staleTime: Infinity, refetchOnWindowFocus: false }),
  )
  const me = useQuery(trpc.account.me.queryOptions({}, { staleTime: Infinity }))
  const dag = useQuery(trpc.dags.get.queryOptions(place))
  const grid = useQuery(trpc.dags.grid.queryOptions({ ...place, limit: 1 }))
  const { data, error } = notebook
  useLive(dag.data === undefined ? [] : [`dag:${dag.data.id}`], () =>
    Promise.all([dag.refetch(), grid.refetch(), notebook.refetch()]),
  )
  const went = useMemo(() => wentOf(grid.data, place), [grid.data, place])
  useTitle(data === undefined ? null : `${data.faults.length > 0 ? 'faulty' : 'notebook'} · ${place.dag}`)
  const fault = error ?? me.error
  return (
    <>
      {(data === undefined || me.data === undefined) && <DagBar place={place} />}
      {fault !== null && (
        <main className="page">
          <Fault error={fault} />
        </main>
      )}
      {(data === undefined || me.data === undefined) && fault === null && <Loading />}
      {data !== undefined && me.data !== undefined && (
        <NotebookEditor
          key={data.text}
          notebook={data}
          email={me.data.email}
          went={went}
          reload={() => {
            void notebook.refetch()
            void dag.refetch()
          }}
        />
      )}
    </>
  )
}
