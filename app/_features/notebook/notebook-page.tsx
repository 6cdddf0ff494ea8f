'use client'

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { DagBar, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { useTitle } from '../../_components/use-title.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { NotebookEditor } from './notebook-editor.tsx'
import { wentOf } from './went.ts'

/** A page of its own for each text of the file: a newer one is shown at once; what was typed upon the older is kept and offered. */
export function NotebookPage({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const notebook = useQuery(
    trpc.dags.notebook.queryOptions(place, { staleTime: Infinity, refetchOnWindowFocus: false }),
  )
  const me = useQuery(trpc.account.me.queryOptions({}, { staleTime: Infinity }))
  const dag = useQuery(trpc.dags.get.queryOptions(place))
  const { data, error } = notebook
  const version = data?.version ?? null
  const newest = useQuery(trpc.dags.grid.queryOptions({ ...place, limit: 1 }))
  const own = useQuery(
    trpc.dags.grid.queryOptions(
      { ...place, limit: 1, version: version?.number ?? 1 },
      { enabled: version !== null },
    ),
  )
  useLive(dag.data === undefined ? [] : [`dag:${dag.data.id}`], () =>
    Promise.all([
      dag.refetch(),
      newest.refetch(),
      ...(version === null ? [] : [own.refetch()]),
      notebook.refetch(),
    ]),
  )
  const went = useMemo(
    () => wentOf([own.data, newest.data], version?.id ?? null, place),
    [own.data, newest.data, version?.id, place],
  )
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
