'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { parseAsArrayOf, parseAsBoolean, parseAsString, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { Fault, Loading, TopBar } from '../../_components/page.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTitle } from '../../_components/use-title.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { commonPlaces, titleOf } from './comparison-words.ts'
import { ComparisonView } from './comparison-view.tsx'
import { ShareDialog } from './share-dialog.tsx'

/** A comparison whose whole state is in the URL: back undoes what was chosen last. */
export function ComparisonPage() {
  const trpc = useTRPC()
  const [{ runs, base, all }, set] = useQueryStates(
    {
      runs: parseAsArrayOf(parseAsString).withDefault([]),
      base: parseAsString,
      all: parseAsBoolean.withDefault(false),
    },
    { history: 'push' },
  )
  const state = { runs, onlyDifferences: !all, ...(base === null ? {} : { base }) }
  const query = useQuery(
    trpc.comparisons.get.queryOptions(state, {
      enabled: runs.length > 1,
      placeholderData: keepPreviousData,
    }),
  )
  const [sharing, setSharing] = useState(false)
  useKeys([
    { key: 'd', words: 'Only differences, or all', act: () => void set({ all: !all }) },
    { key: 's', words: 'Make a share link', act: () => setSharing(query.data !== undefined) },
  ])
  const { data, error } = query
  useTitle(data === undefined ? null : titleOf(data))
  return (
    <>
      <TopBar
        crumbs={[
          ...commonPlaces((data?.runs ?? []).map((run) => run.dag)),
          { name: `Compare ${runs.length} runs` },
        ]}
      >
        <label className="btn ghost">
          <input type="checkbox" checked={!all} onChange={() => void set({ all: !all })} /> Only differences{' '}
          <kbd>D</kbd>
        </label>
        <label className="btn basebtn">
          Baseline
          <select
            aria-label="Baseline"
            value={data?.base ?? ''}
            onChange={(event) => void set({ base: event.target.value })}
          >
            {(data?.runs ?? []).map((run) => (
              <option key={run.id} value={run.id}>
                v{run.version.number}, run {run.number}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="btn primary"
          disabled={data === undefined}
          onClick={() => setSharing(true)}
        >
          Share link <kbd>S</kbd>
        </button>
      </TopBar>
      <main className="page">
        {runs.length < 2 && <p className="muted">Tick two runs or more on a DAG’s grid, then press C.</p>}
        {error !== null && <Fault error={error} />}
        {runs.length > 1 && data === undefined && error === null && <Loading />}
        {data !== undefined && <ComparisonView data={data} onlyDifferences={!all} />}
      </main>
      {sharing && <ShareDialog state={state} onClose={() => setSharing(false)} />}
    </>
  )
}
