'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import type { DagDetail } from '#server/views/dag.ts'
import { DagBar, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { Deeds } from '../../_components/deeds.tsx'
import { Ago } from '../../_components/time.tsx'
import { WhyWords, waitingLookMs } from '../../_components/why-not-running.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { TriggersPanel } from './triggers-panel.tsx'

const minute = (instant: string) => instant.slice(0, 16).replace('T', ' ')

function SchedulePanel({ dag }: { dag: DagDetail }) {
  return (
    <section className="sheet" aria-label="Schedule">
      <header>
        <h2>Schedule</h2>
        {dag.paused !== null && (
          <span>
            paused by {dag.paused.by ?? 'somebody'} <Ago time={dag.paused.at} />
          </span>
        )}
      </header>
      {dag.schedule.length === 0 && (
        <p className="muted pad">
          None. Add <code className="mono">{'schedule: {cron: "0 6 * * *"}'}</code> to the front matter.
        </p>
      )}
      <table className="list">
        <tbody>
          {dag.schedule.map((one) => (
            <tr key={one.key}>
              <td className="mono">{one.key}</td>
              <td>
                {one.words}, {one.timezone}
              </td>
              <td className="muted">
                {one.semantics === 'interval' ? 'at the end of each interval' : 'at each tick'}
                {one.catchup ? ', catches up' : ''}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {dag.nextTicks.length > 0 && (
        <table className="list">
          <thead>
            <tr>
              <th>Next ticks, UTC</th>
              <th>In</th>
              <th>Logical date</th>
              <th>Schedule</th>
            </tr>
          </thead>
          <tbody>
            {dag.nextTicks.map((tick) => (
              <tr key={`${tick.schedule} ${tick.at}`}>
                <td className="mono date">{minute(tick.at)}</td>
                <td>
                  <Ago time={tick.at} />
                </td>
                <td className="mono date">{minute(tick.logicalDate)}</td>
                <td className="mono muted">{tick.schedule}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

/** Dates that are due and have no run yet, with what holds them back. */
function HeldDates({ dag }: { dag: DagDetail }) {
  if (dag.heldDates.length === 0) return null
  return (
    <section className="sheet" aria-label="Dates held back">
      <header>
        <h2>Due, and not run yet</h2>
      </header>
      <table className="list">
        <thead>
          <tr>
            <th>Logical date, UTC</th>
            <th>Schedule</th>
            <th>Why it is not running</th>
          </tr>
        </thead>
        <tbody>
          {dag.heldDates.map((held) => (
            <tr key={`${held.schedule} ${held.logicalDate}`}>
              <td className="mono date">
                {minute(held.logicalDate)}
                {held.dates > 1 && ` and ${held.dates - 1}${held.more ? ' or more' : ''} after it`}
              </td>
              <td className="mono muted">{held.schedule}</td>
              <td>
                <WhyWords why={held.whyNotRunning} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function History({ place, id }: { place: DagPlace; id: string }) {
  const trpc = useTRPC()
  const { data, refetch } = useQuery(trpc.schedules.audit.queryOptions(place))
  useLive([`dag:${id}`], () => refetch())
  if (data === undefined || data.length === 0) return null
  return (
    <section className="sheet" aria-label="History">
      <header>
        <h2>Who did what</h2>
      </header>
      <Deeds entries={data} />
    </section>
  )
}

/** What starts a DAG by itself: the clock, other DAGs, its webhook. */
export function SchedulePage({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery({
    ...trpc.dags.get.queryOptions(place),
    refetchInterval: ({ state }) => ((state.data?.heldDates.length ?? 0) > 0 ? waitingLookMs : false),
  })
  useLive(data === undefined ? [] : [`dag:${data.id}`], () => refetch())
  const options = { onSettled: () => void refetch() }
  const pause = useMutation(trpc.schedules.pause.mutationOptions(options))
  const resume = useMutation(trpc.schedules.resume.mutationOptions(options))
  const paused = data !== undefined && data.paused !== null
  const failed = pause.error ?? resume.error
  return (
    <>
      <DagBar place={place}>
        <button
          type="button"
          className="btn"
          disabled={data === undefined || pause.isPending || resume.isPending}
          onClick={() => (paused ? resume : pause).mutate(place)}
        >
          {paused ? 'Resume' : 'Pause'}
        </button>
      </DagBar>
      <main className="page">
        {(error ?? failed) !== null && <Fault error={error ?? failed ?? { message: '' }} />}
        {data === undefined && error === null && <Loading />}
        {data !== undefined && (
          <>
            <SchedulePanel dag={data} />
            <HeldDates dag={data} />
            <TriggersPanel place={place} dag={data} changed={() => void refetch()} />
            <History place={place} id={data.id} />
          </>
        )}
      </main>
    </>
  )
}
