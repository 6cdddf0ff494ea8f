'use client'

import type { DagSummary, Grid } from '#server/views/dag.ts'
import { Copy } from '../../_components/page.tsx'
import { StatusDot, stateWords } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { summary } from './grid-model.ts'

interface Props {
  dag: DagSummary & { gitUrl: string; defaultBranch: string | null }
  runs: Grid['runs']
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
      {dag.nextTick !== null && (
        <span>
          next{' '}
          <b>
            <Ago time={dag.nextTick} />
          </b>
          , {dag.schedule[0]?.words} {dag.schedule[0]?.timezone}
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
