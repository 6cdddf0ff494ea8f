'use client'

import { useQuery } from '@tanstack/react-query'
import { Deeds } from '../../_components/deeds.tsx'
import { Fault } from '../../_components/page.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'

/** Who did what in a team, to its DAGs and runs, its pools and its tokens of workers. */
export function TeamAudit({ team }: { team: string }) {
  const trpc = useTRPC()
  const { data, error, refetch } = useQuery(trpc.audit.list.queryOptions({ team }))
  useLive(['dag:*', 'pool:*', 'secret:*', 'worker:*'], () => refetch())
  return (
    <section className="sheet" aria-label={`Who did what in ${team}`}>
      <header>
        <h2>Who did what in {team}</h2>
      </header>
      {error !== null && <Fault error={error} />}
      {data?.length === 0 && <p className="muted pad">Nothing was done by hand yet.</p>}
      <Deeds entries={data ?? []} on={({ dag }) => (dag === null ? '' : `${dag.repo}/${dag.dag}`)} />
    </section>
  )
}
