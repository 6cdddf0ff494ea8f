'use client'

import Link from 'next/link'
import { Fragment } from 'react'
import { formerWords } from '#server/domain/comparison/renames.ts'
import { took, tookMeans } from '#server/domain/run/took.ts'
import type { Comparison, MetricRow } from '#server/views/comparison.ts'
import { numbered } from '../../_components/numbered.ts'
import { StatusDot } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { useSource } from './comparison-source.ts'
import {
  changeWords,
  metricsInOrder,
  placeOf,
  signed,
  unbroken,
  wherePlaceBreaks,
} from './comparison-words.ts'

function RunHeads({ data }: { data: Comparison }) {
  const { kind } = useSource()
  return (
    <thead>
      <tr>
        <th aria-label="What" />
        {data.runs.map((run) => {
          const isBase = run.id === data.base
          const name = `run ${run.number}`
          const { team, repo, dag } = run.dag
          return (
            <th key={run.id} className={isBase ? 'base' : ''}>
              <div className="l1">
                <StatusDot state={run.state} /> v{run.version.number}
                {isBase && <span className="chip base">baseline</span>}
              </div>
              <div className="l2">
                <span className="sha">{run.version.commit.slice(0, 7)}</span> {run.version.subject},{' '}
                {run.version.author}
              </div>
              <div className="l2">
                {kind === 'session' ? (
                  <Link href={`/${team}/${repo}/${dag}/runs/${run.number}`}>
                    {dag} {name}
                  </Link>
                ) : (
                  `${dag} ${name}`
                )}
                , <Ago time={run.createdAt} />
                {run.failedIn === null ? '' : `, failed in ${run.failedIn}`}
              </div>
            </th>
          )
        })}
      </tr>
    </thead>
  )
}

function Duration({ data }: { data: Comparison }) {
  const lengths = data.runs.map((run) => took(run))
  const base = lengths[data.runs.findIndex((run) => run.id === data.base)] ?? null
  return (
    <tr>
      <th scope="row" title={tookMeans}>
        Duration
      </th>
      {data.runs.map((run, i) => {
        const length = lengths[i] ?? null
        const isBase = run.id === data.base
        return (
          <td key={run.id} className={isBase ? 'num base' : 'num'}>
            {length === null ? <span className="muted">none</span> : durationWords(length)}
            {!isBase && length !== null && base !== null && base > 0 && (
              <span className="d muted">
                {unbroken(`${signed((((length - base) / base) * 100).toFixed(1))} %`)}
              </span>
            )}
          </td>
        )
      })}
    </tr>
  )
}

/** Where it stands, in a column that may be narrower than its words. */
function Place({ row }: { row: Parameters<typeof placeOf>[0] }) {
  return numbered(placeOf(row).split(wherePlaceBreaks)).map(({ number, item }) => (
    <Fragment key={number}>
      {number > 0 && <wbr />}
      {item}
    </Fragment>
  ))
}

function MetricCell({ cell }: { cell: MetricRow['cells'][number] }) {
  if (cell === null) return <span className="muted">none</span>
  const words = changeWords(cell)
  const tone = cell.change === 'better' ? 'up' : cell.change === 'worse' ? 'down' : 'muted'
  return (
    <>
      {Number(cell.value.toPrecision(6))}
      {words !== '' && <span className={`d ${tone}`}> {words}</span>}
    </>
  )
}

function Heading({ id, title, said, columns }: { id: string; title: string; said: string; columns: number }) {
  return (
    <tr className="sect" id={id}>
      <th colSpan={columns} scope="rowgroup">
        <span>{title}</span> <span className="muted">{said}</span>
      </th>
    </tr>
  )
}

/** Runs as columns: what they are, their params and values, their metrics. One table, so that the columns line up. */
export function SummaryTable({ data, onlyDifferences }: { data: Comparison; onlyDifferences: boolean }) {
  const fields = data.fields
    .filter((row) => !onlyDifferences || !row.same)
    .toSorted((a, b) => Number(a.same) - Number(b.same))
  const metrics = metricsInOrder(data.metrics, onlyDifferences)
  const columns = data.runs.length + 1
  const kindOf = (i: number) => (data.runs[i]?.id === data.base ? 'base' : '')
  const left = (shown: number, all: number) =>
    all === 0 ? 'none' : shown === all ? '' : `${all - shown} the same`
  return (
    <div className="sheet" id="summary" tabIndex={0} role="group" aria-label="Runs side by side">
      <table className="cols" style={{ minWidth: 90 + data.runs.length * 130 }}>
        <RunHeads data={data} />
        <tbody>
          <Duration data={data} />
        </tbody>
        <tbody>
          <Heading
            id="fields"
            title="Params and values"
            said={left(fields.length, data.fields.length)}
            columns={columns}
          />
          {fields.map((row) => (
            <tr key={`${row.kind} ${placeOf(row)}`}>
              <th scope="row">
                {row.kind}{' '}
                <code className="mono">
                  <Place row={row} />
                </code>{' '}
                <span className="muted">{formerWords(row.was)}</span>
              </th>
              {row.cells.map((cell, i) => (
                <td key={data.runs[i]?.id} className={`num mono ${row.same ? '' : 'chg'} ${kindOf(i)}`}>
                  {cell === null ? <span className="muted">none</span> : JSON.stringify(cell)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        <tbody>
          <Heading
            id="metrics"
            title="Metrics"
            said={
              data.metrics.length === 0
                ? 'These runs have no metrics.'
                : [
                    'against the baseline; what is better is declared by the notebook',
                    left(metrics.length, data.metrics.length),
                  ]
                    .filter(Boolean)
                    .join(' · ')
            }
            columns={columns}
          />
          {metrics.map((row) => (
            <tr key={placeOf(row)}>
              <th scope="row">
                <Place row={row} />
                {row.was.length > 0 && <span className="muted"> {formerWords(row.was)}</span>}
                {'\u00a0'}
                {row.better !== null && (
                  <span className="muted" title={`${row.better} is better`}>
                    {row.better === 'higher' ? '↑' : '↓'}
                    <span className="sr-only"> {row.better} is better</span>
                  </span>
                )}
              </th>
              {row.cells.map((cell, i) => (
                <td key={data.runs[i]?.id} className={`num ${kindOf(i)}`}>
                  <MetricCell cell={cell} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
