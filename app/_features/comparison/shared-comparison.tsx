'use client'

import { useQuery } from '@tanstack/react-query'
import { Fault, Loading } from '../../_components/page.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { ComparisonView } from './comparison-view.tsx'

/** What a share link shows: the frozen comparison. Asked anew while it is open, so that revoked means gone. */
export function SharedComparison({ secret }: { secret: string }) {
  const trpc = useTRPC()
  const { data, error } = useQuery(
    trpc.comparisons.shared.queryOptions({ secret }, { refetchInterval: 4000, retry: false }),
  )
  return (
    <main className="page">
      {error !== null && <Fault error={error} />}
      {data === undefined && error === null && <Loading />}
      {data !== undefined && error === null && (
        <>
          <p className="muted">Dagbok · a shared comparison, good until {data.expiresAt.slice(0, 10)}</p>
          <ComparisonView
            data={data.comparison}
            source={{ kind: 'share', secret }}
            onlyDifferences={data.comparison.state.onlyDifferences}
          />
        </>
      )}
    </main>
  )
}
