'use client'

import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { parseAsInteger, useQueryState } from 'nuqs'
import { useState } from 'react'
import type { Backfill } from '#server/views/backfill.ts'
import { DagBar, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { Ago } from '../../_components/time.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { WhyWords } from '../../_components/why-not-running.tsx'
import { Words } from '../../_components/words.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { BackfillDialog } from './backfill-dialog.tsx'
import { DatesPager, datesAtOnce } from './dates-pager.tsx'
import { DatesTable } from './dates-table.tsx'

/** How far it is, in words and as a bar. */
function Progress({ of }: { of: Backfill }) {
  const { dates, skipped, pending, deleted, queued, running, succeeded, failed, cancelled } = of.progress
  const all = dates - skipped
  const parts = [
    `${succeeded} of ${all} succeeded`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
    ...(running + queued > 0 ? [`${running} running, ${queued} queued`] : []),
    ...(pending > 0 ? [`${pending} to come`] : []),
    ...(deleted > 0 ? [`${deleted} made and deleted since`] : []),
    ...(skipped > 0 ? [`${skipped} without a run`] : []),
  ]
  return (
    <>
      <progress
        className={failed > 0 ? 'bad' : 'ok'}
        value={succeeded + failed + deleted}
        max={Math.max(1, all)}
        aria-label={`Progress of backfill ${of.number}`}
      />{' '}
      <span className="muted">{parts.join(', ')}</span>
    </>
  )
}

function Actions({ place, of, done }: { place: DagPlace; of: Backfill; done: () => void }) {
  const trpc = useTRPC()
  const options = { onSettled: done }
  const pause = useMutation(trpc.backfills.pause.mutationOptions(options))
  const resume = useMutation(trpc.backfills.resume.mutationOptions(options))
  const cancel = useMutation(trpc.backfills.cancel.mutationOptions(options))
  const ref = { ...place, number: of.number }
  const error = pause.error ?? resume.error ?? cancel.error
  if (of.endedAt !== null) return null
  const busy = pause.isPending || resume.isPending || cancel.isPending
  return (
    <>
      {error !== null && <Fault error={error} />}
      <div className="actions">
        <button
          type="button"
          className="btn"
          disabled={busy}
          onClick={() => (of.state === 'paused' ? resume : pause).mutate(ref)}
        >
          {of.state === 'paused' ? 'Resume' : 'Pause'}
        </button>
        <button type="button" className="btn danger" disabled={busy} onClick={() => cancel.mutate(ref)}>
          Cancel
        </button>
      </div>
    </>
  )
}

function Dates({ place, dagId, of }: { place: DagPlace; dagId: string; of: Backfill }) {
  const trpc = useTRPC()
  const [offset, setOffset] = useState(0)
  const dates = useQuery({
    ...trpc.backfills.dates.queryOptions({ ...place, number: of.number, offset, limit: datesAtOnce }),
    placeholderData: keepPreviousData,
  })
  useLive([`dag:${dagId}`], () => dates.refetch())
  return (
    <section className="sheet" aria-label={`Dates of backfill ${of.number}`}>
      <header>
        <h2>Backfill {of.number}</h2>
        <span className="muted">
          {of.from} to {of.to}, v{of.version}, {of.order} first, {of.concurrency} at once
        </span>
      </header>
      {dates.error !== null && <Fault error={dates.error} />}
      {dates.data !== undefined && <DatesTable place={place} dates={dates.data} timezone={zoneOf(of)} />}
      <DatesPager offset={offset} all={of.progress.dates} onMove={setOffset} />
    </section>
  )
}

/** The zone is in the schedule's key: `0 6 * * * Europe/London`. */
const zoneOf = ({ schedule }: Backfill): string =>
  schedule.split(' ').find((word) => word.includes('/')) ?? 'UTC'

function List({
  place,
  backfills,
  number,
  pick,
  changed,
}: {
  place: DagPlace
  backfills: Backfill[]
  number: number | null
  pick: (number: number) => void
  changed: () => void
}) {
  return (
    <div className="sheet">
      <table className="list">
        <thead>
          <tr>
            <th>Backfill</th>
            <th>Dates</th>
            <th>State</th>
            <th>Progress</th>
            <th>By</th>
            <th aria-label="Actions" />
          </tr>
        </thead>
        <tbody>
          {backfills.map((one) => (
            <tr key={one.id} className={one.number === number ? 'sel' : ''}>
              <td>
                <button type="button" className="btn ghost" onClick={() => pick(one.number)}>
                  backfill {one.number}
                </button>
              </td>
              <td className="mono date">
                {one.from} to {one.to}
              </td>
              <td>{one.state}</td>
              <td>
                <Progress of={one} />
                {one.whyNotRunning !== null && (
                  <div className="muted">
                    The next date: <WhyWords why={one.whyNotRunning} />
                  </div>
                )}
              </td>
              <td className="muted">
                {one.createdBy} <Ago time={one.createdAt} />
              </td>
              <td>
                <Actions place={place} of={one} done={changed} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Backfills of a DAG: make one, follow it, hold it, end it. */
export function BackfillsPage({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const [number, setNumber] = useQueryState('number', parseAsInteger)
  const [making, setMaking] = useState(false)
  const dag = useQuery(trpc.dags.get.queryOptions(place))
  const { data, error, refetch } = useQuery(trpc.backfills.list.queryOptions(place))
  useLive(dag.data === undefined ? [] : [`dag:${dag.data.id}`], () => refetch())
  useKeys([{ key: 'b', words: 'Backfill', act: () => setMaking(true) }])
  const picked = data?.find((one) => one.number === number)
  const scheduled = (dag.data?.schedule.length ?? 0) > 0
  return (
    <>
      <DagBar place={place}>
        <button
          type="button"
          className="btn primary"
          disabled={dag.data === undefined}
          onClick={() => setMaking(true)}
        >
          Backfill <kbd>B</kbd>
        </button>
      </DagBar>
      <main className="page">
        {error !== null && <Fault error={error} />}
        {data === undefined && error === null && <Loading />}
        {data?.length === 0 && (
          <p className="muted">
            No backfills yet. One makes runs for past dates of a schedule
            {dag.data === undefined || scheduled ? (
              ': press B.'
            ) : (
              <Words text="; this DAG has none: add `schedule` to its front matter." />
            )}
          </p>
        )}
        {data !== undefined && data.length > 0 && (
          <List
            place={place}
            backfills={data}
            number={number}
            pick={(one) => void setNumber(one)}
            changed={() => void refetch()}
          />
        )}
        {picked !== undefined && dag.data !== undefined && (
          <Dates key={picked.id} place={place} dagId={dag.data.id} of={picked} />
        )}
      </main>
      {making && dag.data !== undefined && (
        <BackfillDialog
          place={place}
          schedules={dag.data.schedule}
          onClose={() => {
            setMaking(false)
            void refetch()
          }}
        />
      )}
    </>
  )
}
