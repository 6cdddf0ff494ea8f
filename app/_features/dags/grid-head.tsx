'use client'

import Link from 'next/link'
import { took } from '#server/domain/run/took.ts'
import type { Grid } from '#server/views/dag.ts'
import { dagPath, type DagPlace } from '../../_components/page.tsx'
import { shapeOf, stateWords } from '../../_components/status.tsx'
import { durationWords } from '../../_components/time.tsx'
import type { VersionSpan } from './grid-model.ts'

/** Pixels of the tallest duration bar; runs a version must span for its subject to be read. */
const tallest = 40
const wide = 4

interface Props {
  grid: Grid
  spans: readonly VersionSpan[]
  columns: readonly string[]
  place: DagPlace
  picked: readonly string[]
  toggle: (id: string) => void
}

/** Versions, durations and what is picked, above the columns. */
export function GridHead({ grid, spans, columns, place, picked, toggle }: Props) {
  const longest = Math.max(1, ...grid.runs.map((run) => took(run) ?? 0))
  return (
    <thead>
      <tr>
        <th aria-label="Task" />
        {spans.map((span) => (
          <th
            key={span.first}
            colSpan={span.runs}
            className={`v ${span.first > 0 ? 'b' : ''}`}
            title={`v${span.version.number} ${span.version.subject}, ${span.version.author}`}
          >
            v{span.version.number}
            {span.runs >= wide && <span className="muted"> {span.version.subject}</span>}
          </th>
        ))}
      </tr>
      <tr>
        <th scope="row" className="muted low">
          {durationWords(longest)}
        </th>
        {grid.runs.map((run, r) => {
          const length = took(run)
          const words = `Run ${run.number}, version ${run.version.number}: ${stateWords(run.state)}`
          return (
            <th key={run.id} className={`${columns[r]} low`}>
              <Link
                href={`${dagPath(place)}/runs/${run.number}`}
                prefetch={false}
                style={{ height: tallest + 6, alignItems: 'end' }}
                aria-label={words}
                title={length === null ? words : `${words}, ${durationWords(length)}`}
              >
                <i
                  className={`bar ${shapeOf(run.state)}`}
                  style={{ height: Math.max(4, ((length ?? longest) / longest) * tallest) }}
                />
              </Link>
            </th>
          )
        })}
      </tr>
      <tr>
        <th scope="row" className="muted">
          compare
        </th>
        {grid.runs.map((run, r) => (
          <td key={run.id} className={columns[r]}>
            <input
              type="checkbox"
              aria-label={`Compare run ${run.number}`}
              checked={picked.includes(run.id)}
              onChange={() => toggle(run.id)}
            />
          </td>
        ))}
      </tr>
    </thead>
  )
}
