'use client'

import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { parseAsArrayOf, parseAsInteger, parseAsString, parseAsStringLiteral, useQueryStates } from 'nuqs'
import { useMemo, useRef, useState, type MouseEvent } from 'react'
import { DagBar, dagPath, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { stateWords } from '../../_components/status.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTitle } from '../../_components/use-title.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { DagFacts, DagWords } from './dag-facts.tsx'
import { GridTable } from './grid-table.tsx'
import { firstFailure, rowsOf, step, type GridPlace } from './grid-model.ts'

const lengths = ['25', '40', '100'] as const

/** A DAG's home: the last runs by its tasks. Arrows walk over the cells, Enter opens one. */
export function DagHome({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const router = useRouter()
  const { team, repo, dag } = place
  const ref = { team, repo, dag }
  const [{ pick: picked, folded, last, row, run }, set] = useQueryStates({
    pick: parseAsArrayOf(parseAsString).withDefault([]),
    folded: parseAsArrayOf(parseAsString).withDefault([]),
    last: parseAsStringLiteral(lengths).withDefault('40'),
    row: parseAsInteger,
    run: parseAsInteger,
  })
  const summary = useQuery(trpc.dags.get.queryOptions(ref))
  const grid = useQuery(trpc.dags.grid.queryOptions({ ...ref, limit: Number(last) }))
  const [wanted, setWanted] = useState<GridPlace | null>(null)
  useLive(summary.data === undefined ? [] : [`dag:${summary.data.id}`], () =>
    Promise.all([summary.refetch(), grid.refetch()]),
  )
  const rows = useMemo(
    () => (grid.data === undefined ? [] : rowsOf(grid.data, new Set(folded))),
    [grid.data, folded],
  )
  const runs = grid.data?.runs ?? []
  const at = step({ row: row ?? 0, run: run ?? runs.length - 1 }, {}, rows.length, runs.length)
  const written = useRef<Promise<unknown> | null>(null)
  const go = (to: GridPlace) => {
    const writing = set(to).finally(() => {
      if (written.current === writing) written.current = null
    })
    written.current = writing
    setWanted(to)
  }
  // The address is written some 50 ms after a step, and would call off the way to another page that began meanwhile.
  const follow = (event: MouseEvent) => {
    const link = (event.target as Element).closest('a')
    const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey
    if (written.current === null || link === null || !plain) return
    event.preventDefault()
    event.stopPropagation()
    void written.current.finally(() => router.push(`${link.pathname}${link.search}`))
  }
  // The first press of an arrow shows where one is.
  const walk = (by: Partial<GridPlace>) => {
    const there = document.activeElement?.closest('[data-at]') != null && row !== null
    go(there ? step(at, by, rows.length, runs.length) : at)
  }
  const toggle = (id: string) =>
    void set({ pick: picked.includes(id) ? picked.filter((one) => one !== id) : [...picked, id] })
  const fold = (group: string) =>
    void set({
      folded: folded.includes(group) ? folded.filter((one) => one !== group) : [...folded, group],
    })
  const compare = () => picked.length >= 2 && router.push(`/compare?runs=${picked.join(',')}`)
  const start = () => router.push(`${dagPath(ref)}?start=tip`)
  const failure = firstFailure(rows, runs.length)
  useKeys([
    { key: 'r', words: `Run ${dag}`, act: start },
    { key: 'c', words: 'Compare the ticked runs', act: () => void compare() },
    { key: 'f', words: 'First failure', act: () => failure !== null && go(failure) },
    { key: 'x', words: 'Tick the run for a comparison', act: () => toggle(runs[at.run]?.id ?? '') },
    { key: 'ArrowDown', also: ['j'], words: 'Down', act: () => walk({ row: 1 }), moves: true },
    { key: 'ArrowUp', also: ['k'], words: 'Up', act: () => walk({ row: -1 }), moves: true },
    { key: 'ArrowLeft', also: ['h'], words: 'An older run', act: () => walk({ run: -1 }), moves: true },
    { key: 'ArrowRight', also: ['l'], words: 'A newer run', act: () => walk({ run: 1 }), moves: true },
  ])
  const newest = runs.at(-1)
  useTitle(newest === undefined ? null : `${stateWords(newest.state)} · ${dag}`)
  const error = summary.error ?? grid.error
  return (
    <>
      <DagBar place={ref}>
        <label className="btn ghost">
          last
          <select
            aria-label="How many runs are shown"
            value={last}
            onChange={(event) => void set({ last: event.target.value as (typeof lengths)[number] })}
          >
            {lengths.map((length) => (
              <option key={length}>{length}</option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="btn"
          disabled={picked.length < 2}
          onClick={compare}
          title="Tick two runs or more"
        >
          Compare {picked.length > 1 ? picked.length : ''} <kbd>C</kbd>
        </button>
        <button type="button" className="btn primary" onClick={start}>
          Run <kbd>R</kbd>
        </button>
      </DagBar>
      <main className="page" onClickCapture={follow}>
        {error !== null && <Fault error={error} />}
        {summary.data !== undefined && <DagWords dag={summary.data} />}
        {summary.data !== undefined && <DagFacts dag={summary.data} runs={runs} />}
        {summary.data !== undefined && summary.data.faults.length > 0 && (
          <Fault
            error={{
              message: summary.data.faults
                .map((fault) => `${fault.file}:${fault.line}:${fault.column} ${fault.message}`)
                .join('\n'),
            }}
          />
        )}
        {grid.data === undefined && error === null && <Loading />}
        {grid.data !== undefined && runs.length === 0 && (
          <p className="muted">
            No runs yet. Press <kbd>R</kbd> to start the first one, or push with{' '}
            <code className="mono">git push -o run</code>.
          </p>
        )}
        {grid.data !== undefined && runs.length > 0 && (
          <GridTable
            grid={grid.data}
            rows={rows}
            place={ref}
            picked={picked}
            toggle={toggle}
            at={at}
            onFold={fold}
            wanted={wanted}
            onFocused={() => setWanted(null)}
          />
        )}
      </main>
    </>
  )
}
