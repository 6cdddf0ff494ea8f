'use client'

import Anser from 'anser'
import { useVirtualizer } from '@tanstack/react-virtual'
import { useEffect, useRef, type MouseEvent } from 'react'
import { numbered } from '../../_components/numbered.ts'
import type { LineRange } from './line-link.ts'
import { useLogLines } from './use-log.ts'

/** Pixels of a line; lines drawn beyond what is seen. */
const lineHeight = 19
const beyond = 30
/** A browser draws no box of more than some 33 million pixels: of a longer log the last lines are shown. */
const mostLines = 1_500_000

function Line({ text }: { text: string }) {
  if (!text.includes('\u001b')) return text
  return numbered(Anser.ansiToJson(text, { remove_empty: true, use_classes: true })).map(
    ({ number, item: part }) => (
      <span
        key={number}
        className={`${part.fg ? `${part.fg}-fg` : ''} ${part.decoration === 'bold' ? 'strong' : ''}`}
      >
        {part.content}
      </span>
    ),
  )
}

interface Props {
  attemptId: string
  total: number
  wrap: boolean
  follow: boolean
  onFollow: (follow: boolean) => void
  picked: LineRange | null
  onPick: (line: number, extend: boolean) => void
  /** Lines, from 0, that were found. */
  hits: ReadonlySet<number>
  /** A line, from 0, to be brought into view; a new object each time. */
  target: { line: number } | null
}

/** The lines in view of a log of any length. */
export function LogLines(props: Props) {
  const { attemptId, total, wrap, follow, onFollow, picked, onPick, hits, target } = props
  const scroll = useRef<HTMLDivElement>(null)
  const hidden = Math.max(0, total - mostLines)
  const rows = useVirtualizer({
    count: total - hidden,
    getScrollElement: () => scroll.current,
    estimateSize: () => lineHeight,
    overscan: beyond,
  })
  const items = rows.getVirtualItems()
  const lineAt = useLogLines(attemptId, total, hidden + (items[0]?.index ?? 0))
  useEffect(() => {
    if (follow && total > 0) rows.scrollToIndex(total - hidden - 1, { align: 'end' })
  }, [follow, total, hidden, rows, wrap])
  // A log that is read for the first time has no lines yet: the target waits for its line.
  const there = target !== null && target.line >= hidden && target.line < total
  useEffect(() => {
    if (there) rows.scrollToIndex(target.line - hidden, { align: 'center' })
  }, [there, target, hidden, rows])
  useEffect(() => rows.measure(), [wrap, rows])
  const onScroll = () => {
    const box = scroll.current
    if (box !== null) onFollow(box.scrollHeight - box.scrollTop - box.clientHeight < lineHeight * 2)
  }
  const press = (line: number) => (event: MouseEvent) => {
    event.preventDefault()
    onPick(line, event.shiftKey)
  }
  return (
    <>
      {hidden > 0 && (
        <p className="muted pad">
          The last {mostLines.toLocaleString('en')} lines; the {hidden.toLocaleString('en')} before them are
          in the download and found by the search.
        </p>
      )}
      <div
        ref={scroll}
        className={wrap ? 'log wrap' : 'log'}
        style={{ height: `min(62vh, ${total * lineHeight + 4}px)` }}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
        data-own-arrows
      >
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map((item) => {
            const line = item.index + hidden
            const number = line + 1
            const chosen = picked !== null && number >= picked.from && number <= picked.to
            return (
              <span
                key={item.key}
                ref={wrap ? rows.measureElement : undefined}
                data-index={item.index}
                className={`ll ${chosen ? 'picked' : ''} ${hits.has(line) ? 'hit' : ''}`}
                style={{ position: 'absolute', top: item.start, minWidth: '100%' }}
              >
                <a className="n" href={`#L${number}`} tabIndex={-1} onClick={press(number)}>
                  {number}
                </a>
                <span className="lt">
                  <Line text={lineAt(line) ?? ''} />
                </span>
              </span>
            )
          })}
        </div>
      </div>
    </>
  )
}
