'use client'

import { useEffect, useRef, useState } from 'react'
import { formerWords } from '#server/domain/comparison/renames.ts'
import type { Comparison, OutputRow } from '#server/views/comparison.ts'
import { Segments } from '../../_components/segments.tsx'
import { ContentDifference } from './content-difference.tsx'
import { placeOf } from './comparison-words.ts'
import { ImageDifference } from './image-difference.tsx'
import { imageViews, useView } from './use-view.ts'

/** Pixels below the window at which an output is asked for. */
const ahead = '1200px'

/** True from the moment it comes near the window. */
function useSeen(eager: boolean) {
  const ref = useRef<HTMLElement>(null)
  const [seen, setSeen] = useState(eager)
  useEffect(() => {
    if (seen || ref.current === null) return undefined
    const watch = new IntersectionObserver(([entry]) => entry?.isIntersecting === true && setSeen(true), {
      rootMargin: ahead,
    })
    watch.observe(ref.current)
    return () => watch.disconnect()
  }, [seen])
  return { ref, seen }
}

interface Props {
  row: OutputRow
  data: Comparison
  /** The run that stands against the base. */
  run: string
  onlyDifferences: boolean
  /** Asked for at once; the others when one scrolls to them. */
  eager: boolean
}

/** One output, the base's against one other run's. */
export function OutputDifference({ row, data, run, onlyDifferences, eager }: Props) {
  const { view, set } = useView()
  const { ref, seen } = useSeen(eager)
  const cellOf = (id: string) => row.cells[data.runs.findIndex((one) => one.id === id)] ?? null
  const [before, after] = [cellOf(data.base), cellOf(run)]
  const both = before !== null && after !== null
  const equal = both && before.hash === after.hash
  return (
    <section className="sheet" id={`output ${placeOf(row)}`} ref={ref}>
      <header>
        <h2>
          {row.path}{' '}
          <span className="muted">
            {row.task}
            {row.key === null ? '' : ` ${row.key}`} {formerWords(row.was)}
          </span>
        </h2>
        {equal && <span className="muted">the same in these two</span>}
        <span className="grow" />
        {row.kind === 'image' && both && (
          <Segments
            label="View of the pictures"
            value={view.images}
            options={imageViews}
            onChange={(images) => void set({ images })}
          />
        )}
      </header>
      {!both && (
        <p className="muted pad">
          {before === null && after === null
            ? 'Neither of these two runs has it.'
            : before === null
              ? 'The baseline does not have it.'
              : 'Only the baseline has it.'}
        </p>
      )}
      {seen && both && row.kind === 'image' && (
        <ImageDifference row={row} data={data} run={run} view={view.images} />
      )}
      {seen && both && row.kind !== 'image' && !equal && (
        <ContentDifference key={run} row={row} data={data} run={run} onlyDifferences={onlyDifferences} />
      )}
    </section>
  )
}
