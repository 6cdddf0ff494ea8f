'use client'

import { useQuery } from '@tanstack/react-query'
import { useRouter } from 'next/navigation'
import { parseAsInteger, useQueryStates } from 'nuqs'
import { DagBar, dagPath, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTitle } from '../../_components/use-title.ts'
import { VersionDiff } from '../../_components/version-diff.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { VersionsTable } from './versions-table.tsx'

function Difference({ place, a, b }: { place: DagPlace; a: number; b: number }) {
  const trpc = useTRPC()
  const { data, error } = useQuery(trpc.dags.diff.queryOptions({ ...place, a: `v${a}`, b: `v${b}` }))
  if (error !== null) return <Fault error={error} />
  if (data === undefined) return <Loading />
  return <VersionDiff diff={data} />
}

/** Every version, and the difference of any two: those of the URL, or what the one version that it names has changed. */
export function VersionsPage({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const router = useRouter()
  const [named, setNamed] = useQueryStates({
    a: parseAsInteger,
    b: parseAsInteger,
    version: parseAsInteger,
  })
  const summary = useQuery(trpc.dags.get.queryOptions(place))
  const { data, error, refetch } = useQuery(trpc.dags.versions.queryOptions(place))
  useLive(summary.data === undefined ? [] : [`dag:${summary.data.id}`, `versions:${summary.data.id}`], () =>
    refetch(),
  )
  const [newest, before] = data ?? []
  const earlier = data?.find(({ number }) => named.version !== null && number < named.version)
  const a = named.a ?? earlier?.number ?? null
  const b = named.b ?? named.version
  const setPair = (pair: { a?: number; b?: number }) => setNamed({ a, b, ...pair, version: null })
  useKeys([
    {
      key: 'd',
      words: 'What the newest version changed',
      act: () =>
        newest !== undefined && before !== undefined && void setPair({ a: before.number, b: newest.number }),
    },
    { key: 'r', words: `Run ${place.dag}`, act: () => router.push(`${dagPath(place)}?start=tip`) },
  ])
  const picked = a !== null && b !== null && a !== b
  useTitle(
    data === undefined
      ? null
      : `${picked ? `v${a} to v${b}` : `${data.length} version${data.length === 1 ? '' : 's'}`} · ${place.dag}`,
  )
  return (
    <>
      <DagBar place={place} />
      <main className="page">
        {error !== null && <Fault error={error} />}
        {data === undefined && error === null && <Loading />}
        {data !== undefined && (
          <VersionsTable
            place={place}
            versions={data}
            a={a}
            b={b}
            onPair={(pair) => void setPair(pair)}
            onRun={(version) => router.push(`${dagPath(place)}/versions?start=v${version}`)}
          />
        )}
        {picked && <Difference place={place} a={a} b={b} />}
        {!picked && data !== undefined && data.length > 1 && (
          <p className="muted">
            Pick two versions to see what changed; <kbd>D</kbd> picks the newest two.
          </p>
        )}
        {data?.length === 1 && (
          <p className="muted">
            One version so far. Change the notebook and <code className="mono">git push</code>: every change
            is a version of its own.
          </p>
        )}
      </main>
    </>
  )
}
