'use client'

import Anser from 'anser'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import { useVirtualizer } from '@tanstack/react-virtual'
import type { LogPage } from '#server/views/run.ts'
import { numbered } from '../../_components/numbered.ts'
import { Fault } from '../../_components/page.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'

/** Lines of a page; px of a line. */
const pageLines = 1000
const lineHeight = 19

function Line({ text }: { text: string }) {
  if (!text.includes('\u001b')) return text
  return numbered(Anser.ansiToJson(text, { remove_empty: true, use_classes: true })).map(
    ({ number, item: part }) => (
      <span
        key={number}
        className={part.fg}
        style={{ fontWeight: part.decoration === 'bold' ? 600 : undefined }}
      >
        {part.content}
      </span>
    ),
  )
}

/** Pages of a log by the line they begin at; what is in view is asked for. */
function usePages(attemptId: string, total: number, first: number) {
  const trpc = useTRPC()
  const page = Math.floor(first / pageLines)
  const options = (n: number) =>
    trpc.runs.log.queryOptions({ attemptId, from: n * pageLines, count: pageLines })
  const here = useQuery({
    ...options(page),
    placeholderData: (before: LogPage | undefined) =>
      before?.firstLine === page * pageLines ? before : undefined,
  })
  const after = useQuery({ ...options(page + 1), enabled: (page + 1) * pageLines < total })
  return (line: number): string | undefined => {
    const of = Math.floor(line / pageLines) === page ? here.data : after.data
    return of === undefined ? undefined : of.lines[line - of.firstLine]
  }
}

/** A log of any length: live, following its end until it is scrolled up; only lines in view are rendered. */
export function LogView({ attemptId, url }: { attemptId: string; url: string }) {
  const trpc = useTRPC()
  const scroll = useRef<HTMLDivElement>(null)
  const [follow, setFollow] = useState(true)
  const queries = useQueryClient()
  // The last line tells how long it is, and whether more will come.
  const tail = useQuery(trpc.runs.log.queryOptions({ attemptId, from: -1, count: 1 }))
  useLive([`log:${attemptId}`], () => void queries.invalidateQueries(trpc.runs.log.pathFilter()))
  const total = tail.data?.totalLines ?? 0
  const rows = useVirtualizer({
    count: total,
    getScrollElement: () => scroll.current,
    estimateSize: () => lineHeight,
    overscan: 30,
  })
  const items = rows.getVirtualItems()
  const lineAt = usePages(attemptId, total, items[0]?.index ?? 0)
  useEffect(() => {
    if (follow && total > 0) rows.scrollToIndex(total - 1, { align: 'end' })
  }, [follow, total, rows])
  const onScroll = () => {
    const box = scroll.current
    if (box !== null) setFollow(box.scrollHeight - box.scrollTop - box.clientHeight < lineHeight * 2)
  }
  return (
    <section aria-label="Log">
      <div className="logbar">
        <b>Log</b>
        <span className="muted">
          {total} line{total === 1 ? '' : 's'}
          {tail.data !== undefined && !tail.data.end ? ', live' : ''}
        </span>
        <span className="grow" />
        {!follow && (
          <button type="button" className="btn ghost" onClick={() => setFollow(true)}>
            Follow
          </button>
        )}
        <a className="btn ghost" href={url} download="log.txt">
          Download
        </a>
      </div>
      {tail.error !== null && <Fault error={tail.error} />}
      {tail.data !== undefined && total === 0 && (
        <p className="muted pad">{tail.data.end ? 'It printed nothing.' : 'Nothing yet.'}</p>
      )}
      <div
        ref={scroll}
        className="log"
        style={{ height: Math.min(460, total * lineHeight + 4) }}
        onScroll={onScroll}
        tabIndex={0}
        role="log"
        aria-live="off"
      >
        <div style={{ height: rows.getTotalSize(), position: 'relative' }}>
          {items.map((item) => (
            <span
              key={item.key}
              className="ll"
              style={{ position: 'absolute', top: item.start, minWidth: '100%' }}
            >
              <span className="n">{item.index + 1}</span>
              <Line text={lineAt(item.index) ?? ''} />
            </span>
          ))}
        </div>
      </div>
    </section>
  )
}
