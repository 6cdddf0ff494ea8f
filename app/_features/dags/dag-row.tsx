'use client'

import Link from 'next/link'
import { memo } from 'react'
import type { DagSummary } from '#server/views/dag.ts'
import { dagPath } from '../../_components/page.tsx'
import { shapeOf, StatusDot, stateWords } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { WhyWords } from '../../_components/why-not-running.tsx'

/** Pixels of the tallest bar. */
const tallest = 20

function RunBars({ runs }: { runs: DagSummary['lastRuns'] }) {
  const longest = Math.max(1, ...runs.map((run) => run.duration ?? 0))
  const last = runs.at(-1)
  const words =
    last === undefined ? 'never run' : `last ${runs.length} runs, newest ${stateWords(last.state)}`
  return (
    <span className="bars" role="img" aria-label={words}>
      {runs.map((run) => (
        <i
          key={run.id}
          className={shapeOf(run.state)}
          title={`run ${run.number}, v${run.versionNumber}: ${stateWords(run.state)}${run.duration === null ? '' : `, ${durationWords(run.duration)}`}`}
          style={{ height: Math.max(4, ((run.duration ?? longest) / longest) * tallest) }}
        />
      ))}
    </span>
  )
}

/** One DAG of the list. `number` is its place in it. */
export const DagRow = memo(function DagRow({ dag, number }: { dag: DagSummary; number: number }) {
  const last = dag.lastRuns.at(-1)
  return (
    <tr>
      <td style={{ width: 28 }}>
        {last === undefined ? <span className="dot none" /> : <StatusDot state={last.state} />}
      </td>
      <td className="clip">
        <Link className="strong" href={dagPath(dag.ref)} prefetch={false} data-row={number}>
          {dag.ref.dag}
        </Link>{' '}
        <span className="muted">{dag.title}</span>
        {dag.paused !== null && (
          <span className="chip" title={`by ${dag.paused.by ?? 'somebody'}: nothing starts it by itself`}>
            paused
          </span>
        )}
        {dag.queued !== null && (
          <span className="wait-words" title={dag.queued.sentence}>
            run {dag.queued.number} is queued: <WhyWords why={dag.queued} />
          </span>
        )}
        {dag.faults.length > 0 && (
          <>
            {' '}
            <Link className="chip bad" href={dagPath(dag.ref)} prefetch={false}>
              {dag.faults.length} fault{dag.faults.length === 1 ? '' : 's'}
            </Link>
          </>
        )}
      </td>
      <td className="muted">
        {dag.ref.team}/{dag.ref.repo}
      </td>
      <td>{dag.version === null ? <span className="muted">none</span> : `v${dag.version.number}`}</td>
      <td style={{ width: 156 }}>
        <RunBars runs={dag.lastRuns} />
      </td>
      <td className="muted">{last === undefined ? 'never run' : <Ago time={last.createdAt} />}</td>
      <td className="muted">
        {dag.nextTick === null ? (
          ''
        ) : (
          <span title={dag.schedule[0]?.words}>
            <Ago time={dag.nextTick} />
          </span>
        )}
      </td>
    </tr>
  )
})
