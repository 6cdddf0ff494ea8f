'use client'

import { useMemo } from 'react'
import { verdictWords } from '#server/domain/comparison/figures.ts'
import type { Comparison } from '#server/views/comparison.ts'
import { VersionDiff } from '../../_components/version-diff.tsx'
import { baseFirst, partsOf, placeOf, unbroken } from './comparison-words.ts'
import { OutputDifference } from './output-difference.tsx'
import { SummaryTable } from './summary-table.tsx'
import { TimingChart } from './timing-chart.tsx'
import { useView } from './use-view.ts'

/** Reasons that are said at once; outputs that are asked for at once. */
const told = 4
const asked = 8

/** The most telling reasons; the rest on demand. */
function Reasons({ all }: { all: readonly string[] }) {
  const rest = all.slice(told)
  return (
    <div className="reasons">
      {all.slice(0, told).map((reason) => (
        <span key={reason}>{unbroken(reason)}</span>
      ))}
      {rest.length > 0 && (
        <details>
          <summary className="muted">{rest.length} more</summary>
          {rest.map((reason) => (
            <span key={reason}>{unbroken(reason)}</span>
          ))}
        </details>
      )}
    </div>
  )
}

/** Which other run stands against the base in outputs and code; nothing to choose when there is one. */
function Against({ data, run }: { data: Comparison; run: string }) {
  const { set } = useView()
  const others = data.runs.filter((one) => one.id !== data.base)
  if (others.length < 2) return null
  const base = data.runs.find((one) => one.id === data.base)
  return (
    <p className="against">
      Outputs and code:{' '}
      <span className="chip base">
        v{base?.version.number}, run {base?.number}
      </span>{' '}
      against{' '}
      <select
        className="input"
        aria-label="Against the baseline"
        value={run}
        onChange={(event) => void set({ with: event.target.value })}
      >
        {others.map((one) => (
          <option key={one.id} value={one.id}>
            v{one.version.number}, run {one.number}
          </option>
        ))}
      </select>
    </p>
  )
}

/** The whole comparison: the verdict, then its evidence. */
export function ComparisonView({
  data: given,
  onlyDifferences,
}: {
  data: Comparison
  onlyDifferences: boolean
}) {
  const data = useMemo(() => baseFirst(given), [given])
  const { view } = useView()
  const others = data.runs.filter((run) => run.id !== data.base)
  const other = others.find((run) => run.id === view.with) ?? others[0]
  const run = other?.id ?? ''
  const outputs = data.outputs.filter((row) => !onlyDifferences || !row.same)
  const same = data.outputs.length - outputs.length
  const diff = data.versions[data.runs.findIndex((one) => one.id === run)] ?? null
  return (
    <>
      <div className="verdict">
        <h1 className={`word ${data.verdict.word}`}>{verdictWords[data.verdict.word]}</h1>
        <Reasons all={data.verdict.reasons} />
      </div>
      <div className="compared">
        <nav className="toc" aria-label="Parts of the comparison">
          {partsOf(data, run).map((part) => (
            <a
              key={part.id}
              href={`#${encodeURIComponent(part.id)}`}
              className={part.differs === null ? 'same' : ''}
            >
              <span className="clip" title={`${part.name} ${part.of}`}>
                {part.name} <span className="n">{part.of}</span>
              </span>
              <span className="n">{part.differs ?? 'same'}</span>
            </a>
          ))}
        </nav>
        <div>
          <SummaryTable data={data} onlyDifferences={onlyDifferences} />
          <Against data={data} run={run} />
          {outputs.map((row, i) => (
            <OutputDifference
              key={placeOf(row)}
              row={row}
              data={data}
              run={run}
              onlyDifferences={onlyDifferences}
              eager={i < asked}
            />
          ))}
          {same > 0 && (
            <p className="muted against">
              {outputs.length === 0
                ? `All ${same} outputs are the same.`
                : `${same} more outputs are the same.`}
            </p>
          )}
          <TimingChart data={data} />
          {diff !== null && <VersionDiff diff={diff} />}
        </div>
      </div>
    </>
  )
}
