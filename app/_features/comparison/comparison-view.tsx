'use client'

import { changeWords, valueWords, verdictWords } from '#server/domain/comparison/figures.ts'
import type { Comparison, MetricRow, OutputRow } from '#server/views/comparison.ts'
import { StatusDot } from '../../_components/status.tsx'
import { durationWords } from '../../_components/time.tsx'
import { VersionDiff } from '../versions/version-diff.tsx'
import { OutputDifference } from './output-difference.tsx'

/** How a page reaches what it shows: a session's procedures, or a share link's. */
export interface ComparisonSource {
  kind: 'session' | 'share'
  secret: string | null
}

const place = (row: { task: string | null; key: string | null; name: string }) =>
  `${row.task === null ? '' : `${row.task}.`}${row.name}${row.key === null ? '' : ` (${row.key})`}`

/** Reasons that are said at once. */
const told = 3

/** The most telling reasons; the rest on demand. */
function Reasons({ all }: { all: string[] }) {
  const rest = all.slice(told)
  return (
    <div>
      {all.slice(0, told).join(' · ')}
      {rest.length > 0 && (
        <details>
          <summary className="muted">{rest.length} more</summary>
          {rest.join(' · ')}
        </details>
      )}
    </div>
  )
}

function MetricCell({ cell }: { cell: MetricRow['cells'][number] }) {
  if (cell === null) return <td className="num muted">none</td>
  const tone = cell.change === 'better' ? 'up' : cell.change === 'worse' ? 'down' : 'muted'
  return (
    <td className="num">
      {valueWords(cell.value)}
      {cell.delta !== null && <span className={tone}> {changeWords(cell)}</span>}
    </td>
  )
}

function RunHeads({ data }: { data: Comparison }) {
  return (
    <thead>
      <tr>
        <th aria-label="What" />
        {data.runs.map((run) => (
          <th key={run.id}>
            <StatusDot state={run.state} /> <b className="strong">v{run.version.number}</b> run {run.number}{' '}
            {run.id === data.base && <span className="chip base">baseline</span>}
            <div className="muted">
              <span className="sha">{run.version.commit.slice(0, 7)}</span> {run.version.subject},{' '}
              {run.version.author}
              {run.failedIn === null ? '' : `, failed in ${run.failedIn}`}
            </div>
          </th>
        ))}
      </tr>
    </thead>
  )
}

function Timing({ data }: { data: Comparison }) {
  const end = Math.max(1, ...data.timings.flatMap((row) => row.cells.flatMap((cell) => cell?.endedAt ?? 0)))
  const length = (cell: Comparison['timings'][number]['cells'][number]) =>
    cell === null || cell.startedAt === null || cell.endedAt === null ? null : cell.endedAt - cell.startedAt
  return (
    <div className="sheet">
      <header>
        <h2>Timing</h2>
        <span className="muted">running time of each task, on one axis of {durationWords(end)}</span>
      </header>
      <table className="list columns">
        <RunHeads data={data} />
        <tbody>
          {data.timings.map((row) => (
            <tr key={`${row.task} ${row.key ?? ''}`}>
              <td>{place({ ...row, name: row.task, task: null })}</td>
              {row.cells.map((cell, i) => (
                <td key={data.runs[i]?.id}>
                  {cell?.startedAt != null && (
                    <div className="track">
                      <i
                        style={{
                          left: `${(cell.startedAt / end) * 100}%`,
                          width: `${((length(cell) ?? 0) / end) * 100}%`,
                        }}
                      />
                    </div>
                  )}
                  <span className="muted">
                    {length(cell) === null ? 'none' : durationWords(length(cell) ?? 0)}
                  </span>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** The whole comparison: the verdict, then its evidence. */
export function ComparisonView({
  data,
  source,
  onlyDifferences,
}: {
  data: Comparison
  source: ComparisonSource
  onlyDifferences: boolean
}) {
  const fields = data.fields.filter((row) => !onlyDifferences || !row.same)
  const outputs = data.outputs.filter((row: OutputRow) => !onlyDifferences || !row.same)
  return (
    <>
      <div className="verdict">
        <h1 className={`word ${data.verdict.word}`}>{verdictWords[data.verdict.word]}</h1>
        <Reasons all={data.verdict.reasons} />
      </div>
      <div className="sheet">
        <table className="list columns">
          <RunHeads data={data} />
          <tbody>
            <tr>
              <td>Duration</td>
              {data.runs.map((run) => (
                <td key={run.id} className="num">
                  {run.startedAt === null || run.endedAt === null
                    ? 'none'
                    : durationWords(Date.parse(run.endedAt) - Date.parse(run.startedAt))}
                </td>
              ))}
            </tr>
            {fields.map((row) => (
              <tr key={`${row.kind} ${place(row)}`}>
                <td>
                  {row.kind} <code className="mono">{place(row)}</code>
                </td>
                {row.cells.map((cell, i) => (
                  <td key={data.runs[i]?.id} className={`num mono ${row.same ? '' : 'chg'}`}>
                    {JSON.stringify(cell)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <div className="sheet">
        <header>
          <h2>Metrics</h2>
          <span className="muted">against the baseline; what is better is declared by the notebook</span>
        </header>
        {data.metrics.length === 0 && <p className="muted pad">These runs have no metrics.</p>}
        {data.metrics.length > 0 && (
          <table className="list columns">
            <RunHeads data={data} />
            <tbody>
              {data.metrics.map((row) => (
                <tr key={place(row)}>
                  <td>
                    {place(row)} <span className="muted">{row.better ?? ''}</span>
                  </td>
                  {row.cells.map((cell, i) => (
                    <MetricCell key={data.runs[i]?.id} cell={cell} />
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        )}
      </div>
      {outputs.map((row) => (
        <OutputDifference
          key={place(row)}
          row={row}
          data={data}
          source={source}
          onlyDifferences={onlyDifferences}
        />
      ))}
      {outputs.length === 0 && data.outputs.length > 0 && (
        <p className="muted">All {data.outputs.length} outputs are the same.</p>
      )}
      <Timing data={data} />
      {data.versions.map((diff) => (diff === null ? null : <VersionDiff key={diff.after.id} diff={diff} />))}
    </>
  )
}
