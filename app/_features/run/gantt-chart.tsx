'use client'

import { ChevronDown, ChevronRight } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import { tookMeans } from '#server/domain/run/took.ts'
import type { RunDetail } from '#server/views/run.ts'
import { shapeOf, StatusDot, stateWords } from '../../_components/status.tsx'
import { durationWords } from '../../_components/time.tsx'
import { ganttOf, type Bar, type GanttRow } from './gantt.ts'

/** ms between two looks at the clock while something runs. */
const tickMs = 1000

/** Now, moving while `on`. */
function useNow(on: boolean): number {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    if (!on) return undefined
    const timer = setInterval(() => setNow(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [on])
  return now
}

function Track({ bars, length }: { bars: readonly Bar[]; length: number }) {
  return (
    <div className="track">
      {bars.map((bar) => (
        <i
          key={`${bar.kind} ${bar.from}`}
          className={`${bar.kind} ${bar.kind === 'queued' ? 'wait' : shapeOf(bar.state)}`}
          title={`${bar.kind} ${durationWords(bar.to - bar.from)}`}
          style={{ left: `${(bar.from / length) * 100}%`, width: `${((bar.to - bar.from) / length) * 100}%` }}
        />
      ))}
    </div>
  )
}

interface Props {
  run: RunDetail
  selected: string | null
  select: (row: Pick<GanttRow, 'task' | 'key'>) => void
}

/** Every task run in time; a press shows it at the side. */
export function GanttChart({ run, selected, select }: Props) {
  const [toggled, setToggled] = useState<ReadonlySet<string>>(new Set())
  const now = useNow(run.endedAt === null)
  const { rows, length } = useMemo(() => ganttOf(run, toggled, now), [run, toggled, now])
  const toggle = (task: string) => {
    const next = new Set(toggled)
    if (!next.delete(task)) next.add(task)
    setToggled(next)
  }
  return (
    <div className="sheet">
      <table className="list gantt">
        <thead>
          <tr>
            <th aria-label="State" />
            <th>Task</th>
            <th>
              <span className="axis">
                <span>0</span>
                <span className="legend">
                  <i className="queued wait" /> queued <i className="starting ok" /> starting{' '}
                  <i className="running ok" /> running
                </span>
                <span>{durationWords(length)}</span>
              </span>
            </th>
            <th className="num" title={tookMeans}>
              Took
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.id} className={selected === row.id ? 'sel' : ''}>
              <td style={{ width: 26 }}>
                <StatusDot state={row.state} />
              </td>
              <td className="clip" style={{ width: '26%' }}>
                {row.items === null ? (
                  <button
                    type="button"
                    className="pick strong"
                    aria-label={row.key === null ? row.task : `${row.task} ${row.key}`}
                    aria-current={selected === row.id ? 'true' : undefined}
                    onClick={() => select(row)}
                  >
                    {row.task} {row.key !== null && <span className="mono muted">{row.key}</span>}
                  </button>
                ) : (
                  <button
                    type="button"
                    className="pick strong"
                    aria-expanded={row.items.open}
                    onClick={() => toggle(row.task)}
                  >
                    {row.items.open ? (
                      <ChevronDown aria-hidden size={13} />
                    ) : (
                      <ChevronRight aria-hidden size={13} />
                    )}
                    {row.task}{' '}
                    <span className="muted">
                      {row.items.done} of {row.items.total}
                    </span>
                  </button>
                )}{' '}
                {row.attempts > 1 && <span className="chip wait">{row.attempts} attempts</span>}
              </td>
              <td>
                <Track bars={row.bars} length={length} />
              </td>
              <td className="num muted took">
                {row.length === null ? stateWords(row.state) : durationWords(row.length)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
