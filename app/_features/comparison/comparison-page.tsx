'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { parseAsArrayOf, parseAsBoolean, parseAsString, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { Modal } from '../../_components/dialog.tsx'
import { Copy, Fault, Loading, TopBar } from '../../_components/page.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { ComparisonView } from './comparison-view.tsx'

/** Days a share link made here is good for. */
const days = 30

/** A comparison whose whole state is in the URL. */
export function ComparisonPage() {
  const trpc = useTRPC()
  const [{ runs, base, all }, set] = useQueryStates({
    runs: parseAsArrayOf(parseAsString).withDefault([]),
    base: parseAsString,
    all: parseAsBoolean.withDefault(false),
  })
  const state = { runs, onlyDifferences: !all, ...(base === null ? {} : { base }) }
  const query = useQuery(trpc.comparisons.get.queryOptions(state, { enabled: runs.length > 1 }))
  const [link, setLink] = useState<string | null>(null)
  const create = useMutation(trpc.comparisons.create.mutationOptions())
  const share = useMutation(trpc.comparisons.share.mutationOptions({ onSuccess: ({ url }) => setLink(url) }))
  const send = () => create.mutate(state, { onSuccess: ({ id }) => share.mutate({ id, days }) })
  useKeys({ d: () => void set({ all: !all }), s: send })
  const error = query.error ?? create.error ?? share.error
  return (
    <>
      <TopBar crumbs={[{ name: 'DAGs', href: '/' }, { name: `Compare ${runs.length} runs` }]}>
        <label className="btn">
          <input type="checkbox" checked={!all} onChange={() => void set({ all: !all })} /> Only differences{' '}
          <kbd>D</kbd>
        </label>
        <label className="btn">
          Baseline
          <select
            aria-label="Baseline"
            value={query.data?.base ?? ''}
            onChange={(event) => void set({ base: event.target.value })}
          >
            {(query.data?.runs ?? []).map((run) => (
              <option key={run.id} value={run.id}>
                v{run.version.number}, run {run.number}
              </option>
            ))}
          </select>
        </label>
        <button
          type="button"
          className="btn primary"
          disabled={query.data === undefined || share.isPending}
          onClick={send}
        >
          Share link <kbd>S</kbd>
        </button>
      </TopBar>
      <main className="page">
        {runs.length < 2 && <p className="muted">Tick two runs or more on a DAG’s grid, then press C.</p>}
        {error !== null && <Fault error={error} />}
        {runs.length > 1 && query.data === undefined && error === null && <Loading />}
        {query.data !== undefined && (
          <ComparisonView
            data={query.data}
            source={{ kind: 'session', secret: null }}
            onlyDifferences={!all}
          />
        )}
      </main>
      {link !== null && (
        <Modal open title="Share link" onClose={() => setLink(null)}>
          <p className="muted">
            Whoever has it sees this comparison, and nothing else, for {days} days. It is shown once; revoke
            it under Settings.
          </p>
          <input
            className="input mono"
            style={{ width: '100%' }}
            readOnly
            value={link}
            aria-label="Share link"
            onFocus={(event) => event.target.select()}
          />
          <div className="actions">
            <Copy text={link} label="link" />
          </div>
        </Modal>
      )}
    </>
  )
}
