'use client'

import type { DagDetail, Grid } from '#server/views/dag.ts'
import { Copy } from '../../_components/page.tsx'
import { StatusDot, stateWords } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { WhyWords } from '../../_components/why-not-running.tsx'
import { summary } from './grid-model.ts'

interface Props {
  dag: DagDetail
  runs: Grid['runs']
}

/** What its author says of it, and whose it is. */
export function DagWords({ dag }: Pick<Props, 'dag'>) {
  return (
    <>
      {dag.description !== null && <p className="told">{dag.description}</p>}
      {dag.owners.length > 0 && (
        <p className="told muted">
          {dag.owners.length === 1 ? 'Owner' : 'Owners'}: {dag.owners.join(', ')}
        </p>
      )}
    </>
  )
}

/** The DAG in one line: how it goes, when it runs next, what is at its branch. */
export function DagFacts({ dag, runs }: Props) {
  const { states, median } = summary(runs)
  return (
    <div className="now">
      {runs.length > 0 && (
        <span>
          last {runs.length}:{' '}
          {states.map(([state, count]) => (
            <span key={state} className="count">
              <StatusDot state={state} /> <b>{count}</b> {stateWords(state)}
            </span>
          ))}
        </span>
      )}
      {median !== null && (
        <span>
          median <b>{durationWords(median)}</b>
        </span>
      )}
      {dag.queued !== null && (
        <span>
          run {dag.queued.number} is queued: <WhyWords why={dag.queued} />
        </span>
      )}
      {dag.paused !== null && <span className="chip">paused by {dag.paused.by}</span>}
      {dag.nextTicks.length > 0 && (
        <span title={dag.nextTicks.map(({ at, schedule }) => `${at} ${schedule}`).join('\n')}>
          next{' '}
          {dag.nextTicks.map(({ at, schedule }, i) => (
            <b key={`${at} ${schedule}`}>
              {i > 0 && ', '}
              <Ago time={at} />
            </b>
          ))}{' '}
          ({dag.schedule.map(({ words }) => words).join('; ')})
        </span>
      )}
      <span>
        {dag.defaultBranch} is at <b>{dag.version === null ? 'no version' : `v${dag.version.number}`}</b>
        {dag.version !== null && ` ${dag.version.subject}`}
      </span>
      <span className="mono">
        git clone {dag.gitUrl} <Copy text={`git clone ${dag.gitUrl}`} label="command" />
      </span>
    </div>
  )
}
