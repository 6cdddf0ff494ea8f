'use client'

import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Fault, Loading } from '../../_components/page.tsx'
import { useTitle } from '../../_components/use-title.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { SourceContext, type ComparisonSource } from './comparison-source.ts'
import { nameOf, titleOf } from './comparison-words.ts'
import { ComparisonView } from './comparison-view.tsx'

/** ms between two questions whether the link still opens: revoked means gone within 5 s. */
const askMs = 3000

/** What a share link shows: the frozen comparison. Asked anew while it is open, so that revoked means gone. */
export function SharedComparison({ secret }: { secret: string }) {
  const trpc = useTRPC()
  const source = useMemo((): ComparisonSource => ({ kind: 'share', secret }), [secret])
  const until = useQuery(
    trpc.comparisons.sharedUntil.queryOptions({ secret }, { refetchInterval: askMs, retry: false }),
  )
  const { data, error: fault } = useQuery(
    trpc.comparisons.shared.queryOptions(
      { secret },
      { staleTime: Infinity, refetchOnWindowFocus: false, retry: false },
    ),
  )
  const error = until.error ?? fault
  useTitle(error === null && data !== undefined ? titleOf(data) : null)
  return (
    <main className="page">
      {error !== null && <Fault error={error} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && until.data !== undefined && error === null && (
        <>
          <p className="shared muted">
            <b>Dagbok</b>
            <span>
              {nameOf(data)}, a shared comparison, good until {until.data.expiresAt.slice(0, 10)}
            </span>
          </p>
          <SourceContext value={source}>
            <ComparisonView data={data} onlyDifferences={data.state.onlyDifferences} />
          </SourceContext>
        </>
      )}
    </main>
  )
}
