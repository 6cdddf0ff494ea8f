'use client'

import { useQueryClient } from '@tanstack/react-query'
import { parseAsBoolean, useQueryState } from 'nuqs'
import { useEffect, useState } from 'react'
import { Fault } from '../../_components/page.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { pick, readLines, writeLines, type LineRange } from './line-link.ts'
import { LogLines } from './log-lines.tsx'
import { LogSearchBar, useLogSearch } from './log-search.tsx'
import { useLogEnd } from './use-log.ts'

interface Props {
  attemptId: string
  url: string
  /** It failed: what it said last is what is looked for. */
  failed: boolean
}

/** A log of any length: live, following its end until it is scrolled up; every line has an address. */
export function LogView({ attemptId, url, failed }: Props) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const tail = useLogEnd(attemptId)
  const total = tail.data?.totalLines ?? 0
  const live = tail.data !== undefined && !tail.data.end
  const [picked, setPicked] = useState<LineRange | null>(() => readLines(window.location.hash))
  const [chosen, setFollow] = useState<boolean | null>(picked === null ? null : false)
  const follow = chosen ?? (live || failed)
  const [wrap, setWrap] = useQueryState('wrap', parseAsBoolean.withDefault(false))
  const [target, setTarget] = useState<{ line: number } | null>(
    picked === null ? null : { line: picked.from - 1 },
  )
  const show = (line: number) => {
    setFollow(false)
    setTarget({ line })
  }
  const search = useLogSearch(attemptId, total, show)
  useEffect(() => {
    const listen = () => {
      const lines = readLines(window.location.hash)
      setPicked(lines)
      if (lines !== null) setTarget({ line: lines.from - 1 })
    }
    window.addEventListener('hashchange', listen)
    return () => window.removeEventListener('hashchange', listen)
  }, [])
  const onPick = (line: number, extend: boolean) => {
    const next = pick(picked, line, extend)
    setPicked(next)
    window.history.replaceState(window.history.state, '', writeLines(next))
  }
  const firstError = async () => {
    const found = await queries.fetchQuery(
      trpc.runs.searchLog.queryOptions({ attemptId, text: null, matchCase: 'no' }),
    )
    const line = found.lines[0]
    if (line === undefined) return
    onPick(line + 1, false)
    show(line)
  }
  useKeys([
    { key: 'e', words: 'First error of the log', act: () => void firstError() },
    { key: 'g', words: 'Follow the end of the log', act: () => setFollow(true) },
    { key: 'w', words: 'Wrap long lines', act: () => void setWrap(!wrap) },
  ])
  return (
    <section aria-label="Log">
      <div className="logbar">
        <b>Log</b>
        <span className="muted">
          {total.toLocaleString('en')} line{total === 1 ? '' : 's'}
          {live ? ', live' : ''}
        </span>
        <span className="grow" />
        {!follow && live && (
          <button type="button" className="btn ghost" onClick={() => setFollow(true)}>
            Follow <kbd>G</kbd>
          </button>
        )}
        <button type="button" className="btn ghost" onClick={() => void firstError()}>
          First error <kbd>E</kbd>
        </button>
        <button type="button" className="btn ghost" aria-pressed={wrap} onClick={() => void setWrap(!wrap)}>
          Wrap
        </button>
        <a className="btn ghost" href={url} download="log.txt">
          Download
        </a>
      </div>
      {total > 0 && <LogSearchBar search={search} />}
      {tail.error !== null && <Fault error={tail.error} />}
      {tail.data !== undefined && total === 0 && (
        <p className="muted pad">{tail.data.end ? 'It printed nothing.' : 'Nothing yet.'}</p>
      )}
      <LogLines
        attemptId={attemptId}
        total={total}
        wrap={wrap}
        follow={follow}
        onFollow={setFollow}
        picked={picked}
        onPick={onPick}
        hits={search.hits}
        target={target}
      />
    </section>
  )
}
