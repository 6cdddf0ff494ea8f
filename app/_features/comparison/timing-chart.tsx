'use client'

import { formerWords } from '#server/domain/comparison/renames.ts'
import type { Comparison } from '#server/views/comparison.ts'
import { durationWords } from '../../_components/time.tsx'
import { timingsOf, type TimingBar } from './timing.ts'

const percent = (ms: number, length: number) => `${(ms / length) * 100}%`

/** Runs up to which every difference is said beside the bars. */
const said = 4

function Difference({ bar, data }: { bar: TimingBar; data: Comparison }) {
  const run = data.runs[bar.run]
  if (bar.length === null) return <span className="muted">none</span>
  if (bar.isBase) return <span className="basetext">{durationWords(bar.length)}</span>
  const sign = bar.delta === null ? '' : bar.delta < 0 ? '−' : '+'
  return (
    <span title={`v${run?.version.number}, run ${run?.number}`}>
      {bar.delta === null ? durationWords(bar.length) : `${sign}${durationWords(Math.abs(bar.delta))}`}
    </span>
  )
}

/** Every run's task runs over each other, on one axis. */
export function TimingChart({ data }: { data: Comparison }) {
  const { rows, length } = timingsOf(data)
  return (
    <section className="sheet" id="timing">
      <header>
        <h2>Timing</h2>
        <span className="muted">
          same start, an axis of {durationWords(length)};{' '}
          <span className="basetext">violet is the baseline</span>, pale is queued
        </span>
      </header>
      <table className="list timing">
        <tbody>
          {rows.map((row) => (
            <tr key={`${row.task} ${row.key ?? ''}`}>
              <th scope="row" className="clip">
                {row.task} <span className="mono muted">{row.key}</span>{' '}
                <span className="muted">{formerWords(row.was)}</span>
              </th>
              <td>
                <div className="lanes">
                  {row.bars.map((bar) => {
                    const run = data.runs[bar.run]
                    const name = `v${run?.version.number}, run ${run?.number}`
                    return (
                      <div key={bar.run} className={bar.isBase ? 'lane base' : 'lane'}>
                        <i
                          className="queued"
                          title={`${name} queued ${durationWords(bar.queued[1] - bar.queued[0])}`}
                          style={{
                            left: percent(bar.queued[0], length),
                            width: percent(bar.queued[1] - bar.queued[0], length),
                          }}
                        />
                        {bar.running !== null && (
                          <i
                            title={`${name} ran ${durationWords(bar.running[1] - bar.running[0])}`}
                            style={{
                              left: percent(bar.running[0], length),
                              width: percent(bar.running[1] - bar.running[0], length),
                            }}
                          />
                        )}
                      </div>
                    )
                  })}
                </div>
              </td>
              <td className="num">
                {row.bars.slice(0, said).map((bar) => (
                  <div key={bar.run}>
                    <Difference bar={bar} data={data} />
                  </div>
                ))}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}
