'use client'

import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { parseAsBoolean, parseAsString, useQueryStates } from 'nuqs'
import { useMemo, useRef, useState } from 'react'
import { useKeys } from '../../_components/use-keys.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { nextOf } from './line-link.ts'

/** The search of the whole log, by the server: what is looked for, what was found, and which of it is shown. */
export function useLogSearch(attemptId: string, total: number, show: (line: number) => void) {
  const trpc = useTRPC()
  const [{ find, case: matchCase }, set] = useQueryStates({
    find: parseAsString.withDefault(''),
    case: parseAsBoolean.withDefault(false),
  })
  const [at, setAt] = useState(-1)
  const { data, isFetching } = useQuery(
    trpc.runs.searchLog.queryOptions(
      { attemptId, text: find, matchCase: matchCase ? 'yes' : 'no' },
      { enabled: find !== '' && total > 0, placeholderData: keepPreviousData, staleTime: 1000 },
    ),
  )
  const lines = useMemo(() => (find === '' ? [] : (data?.lines ?? [])), [find, data])
  const hits = useMemo(() => new Set(lines), [lines])
  const move = (by: 1 | -1) => {
    const next = nextOf(lines, lines[at] ?? -1, by)
    if (next === null) return
    setAt(next)
    show(lines[next] ?? 0)
  }
  return {
    find,
    matchCase,
    change: (text: string) => {
      setAt(-1)
      void set({ find: text === '' ? null : text })
    },
    changeCase: () => void set({ case: !matchCase }),
    move,
    hits,
    at,
    total: find === '' ? null : (data?.total ?? null),
    named: lines.length,
    busy: isFetching,
  }
}

export function LogSearchBar({ search }: { search: ReturnType<typeof useLogSearch> }) {
  const input = useRef<HTMLInputElement>(null)
  useKeys([
    { key: '/', words: 'Search the log', act: () => input.current?.focus() },
    { key: 'n', words: 'Next line found', act: () => search.move(1), moves: true },
    { key: 'p', words: 'Previous line found', act: () => search.move(-1), moves: true },
  ])
  const { find, total, at, named } = search
  const words =
    total === null
      ? ''
      : total === 0
        ? 'none'
        : `${at < 0 ? '' : `${at + 1} of `}${named.toLocaleString('en')}${total > named ? ` of ${total.toLocaleString('en')}` : ''}`
  return (
    <div className="logbar" role="search" aria-label="Log">
      <input
        ref={input}
        className="input grow"
        type="search"
        aria-label="Search the whole log"
        placeholder="Search the whole log  /"
        value={find}
        onChange={(event) => search.change(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Enter') search.move(event.shiftKey ? -1 : 1)
          if (event.key === 'Escape') event.currentTarget.blur()
        }}
      />
      <button
        type="button"
        className="btn ghost"
        aria-pressed={search.matchCase}
        title="Capital and small letters differ"
        onClick={search.changeCase}
      >
        Aa
      </button>
      {find !== '' && (
        <>
          <span className="muted" role="status">
            {words}
          </span>
          <button type="button" className="btn ghost" disabled={named === 0} onClick={() => search.move(-1)}>
            Previous
          </button>
          <button type="button" className="btn ghost" disabled={named === 0} onClick={() => search.move(1)}>
            Next
          </button>
        </>
      )}
    </div>
  )
}
