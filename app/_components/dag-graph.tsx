'use client'

import { useEffect, useMemo, useRef } from 'react'
import type { TaskRunState } from '#server/domain/run/states.ts'
import { shapeOf, stateWords } from './status.tsx'
import { layersOf } from './layers.ts'

export interface GraphTask {
  id: string
  title: string | null
  needs: string[]
  items: number | null
}

interface Props {
  tasks: readonly GraphTask[]
  states?: ReadonlyMap<string, TaskRunState>
  /** What changed, when two versions are drawn as one. */
  changes?: ReadonlyMap<string, 'added' | 'removed' | 'changed' | 'same'>
  selected?: string | null
  onSelect?: (id: string) => void
}

const box = { width: 132, height: 34, gapX: 18, gapY: 30 }
/** How far a wide graph is shrunk to fit; beyond that it scrolls. */
const smallest = 0.7
const short = (text: string) => (text.length > 17 ? `${text.slice(0, 16)}…` : text)

const placesOf = (tasks: readonly GraphTask[]) => {
  const layers = layersOf(tasks)
  const widest = Math.max(1, ...layers.map((layer) => layer.length))
  const width = widest * (box.width + box.gapX)
  const places = new Map<string, { x: number; y: number }>()
  for (const [row, layer] of layers.entries()) {
    const left = (width - layer.length * (box.width + box.gapX)) / 2
    for (const [i, id] of layer.entries())
      places.set(id, {
        x: left + i * (box.width + box.gapX) + box.gapX / 2,
        y: 8 + row * (box.height + box.gapY),
      })
  }
  return { places, width, height: layers.length * (box.height + box.gapY) - box.gapY + 16 }
}

/** The graph of a version, top to bottom. Tab and Enter go through its tasks. */
export function DagGraph({ tasks, states, changes, selected, onSelect }: Props) {
  const { places, width, height } = useMemo(() => placesOf(tasks), [tasks])
  const frame = useRef<HTMLDivElement>(null)
  // What is chosen elsewhere, and at first the middle, is brought into view.
  useEffect(() => {
    const [scroll, at] = [frame.current, selected == null ? undefined : places.get(selected)]
    if (scroll === null || scroll.scrollWidth <= scroll.clientWidth) return
    const middle = at === undefined ? 0.5 : (at.x + box.width / 2) / width
    scroll.scrollLeft = middle * scroll.scrollWidth - scroll.clientWidth / 2
  }, [places, width, selected])
  if (tasks.length === 0) return <p className="muted pad">No tasks yet.</p>
  return (
    <div className="graph" ref={frame} tabIndex={onSelect === undefined ? 0 : undefined}>
      <svg
        viewBox={`0 0 ${width} ${height}`}
        style={{ maxWidth: width, minWidth: width * smallest }}
        role="group"
        aria-label="Graph of tasks"
      >
        <g fill="none" stroke="var(--rule-strong)" strokeWidth="1.5">
          {tasks.flatMap((task) =>
            task.needs.map((need) => {
              const [from, to] = [places.get(need), places.get(task.id)]
              if (from === undefined || to === undefined) return null
              const [x1, y1, x2, y2] = [
                from.x + box.width / 2,
                from.y + box.height,
                to.x + box.width / 2,
                to.y,
              ]
              const half = (y1 + y2) / 2
              return (
                <path key={`${need} ${task.id}`} d={`M${x1} ${y1}C${x1} ${half} ${x2} ${half} ${x2} ${y2}`} />
              )
            }),
          )}
        </g>
        {tasks.map((task) => {
          const at = places.get(task.id)
          const state = states?.get(task.id)
          const change = changes?.get(task.id)
          if (at === undefined) return null
          const words = [task.id, state === undefined ? null : stateWords(state), change]
            .filter((word) => word != null)
            .join(', ')
          return (
            <g
              key={task.id}
              transform={`translate(${at.x} ${at.y})`}
              className={`node ${change ?? ''} ${selected === task.id ? 'selected' : ''} ${onSelect === undefined ? '' : 'pick'}`}
              role={onSelect === undefined ? 'img' : 'button'}
              aria-label={words}
              tabIndex={onSelect === undefined ? undefined : 0}
              onClick={() => onSelect?.(task.id)}
              onKeyDown={(event) => (event.key === 'Enter' || event.key === ' ') && onSelect?.(task.id)}
            >
              <rect width={box.width} height={box.height} rx="6" />
              {state !== undefined && (
                <foreignObject x="10" y="9" width="16" height="16">
                  <span className={`dot ${shapeOf(state)}`} />
                </foreignObject>
              )}
              <text x={state === undefined ? 12 : 30} y="21">
                {short(task.id)}
                {task.items !== null && <tspan className="t2"> ×{task.items}</tspan>}
              </text>
              <title>{task.title ?? task.id}</title>
            </g>
          )
        })}
      </svg>
    </div>
  )
}
