'use client'

import { useQuery, useQueryClient } from '@tanstack/react-query'
import type { LogPage } from '#server/views/run.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'

/** Lines of a page. */
const pageLines = 1000

/** How long a log is, and whether more will come; asked anew whenever it grows. */
export function useLogEnd(attemptId: string) {
  const trpc = useTRPC()
  const queries = useQueryClient()
  const tail = useQuery(trpc.runs.log.queryOptions({ attemptId, from: -1, count: 1 }))
  useLive([`log:${attemptId}`], () => queries.invalidateQueries(trpc.runs.log.pathFilter()))
  return tail
}

/** Lines by number, from 0; undefined while their page is on its way. Pages that hold what is in view are asked for. */
export function useLogLines(attemptId: string, total: number, first: number) {
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
