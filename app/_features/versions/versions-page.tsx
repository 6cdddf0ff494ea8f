'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { parseAsInteger, useQueryStates } from 'nuqs'
import { useState } from 'react'
import { DagBar, dagPath, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { StatusDot } from '../../_components/status.tsx'
import { Ago } from '../../_components/time.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { StartRunDialog } from '../dags/start-run-dialog.tsx'
import { VersionDiff } from './version-diff.tsx'
import type { RunState } from '#server/domain/run/states.ts'

function Difference({ place, a, b }: { place: DagPlace; a: number; b: number }) {
  const trpc = useTRPC()
  const { data, error } = useQuery(trpc.dags.diff.queryOptions({ ...place, a: `v${a}`, b: `v${b}` }))
  if (error !== null) return <Fault error={error} />
  if (data === undefined) return <Loading />
  return <VersionDiff diff={data} />
}

/** Every version, and the difference of any two. */
export function VersionsPage({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const [{ a, b }, setPair] = useQueryStates({ a: parseAsInteger, b: parseAsInteger })
  const [running, setRunning] = useState<string | null>(null)
  const summary = useQuery(trpc.dags.get.queryOptions(place))
  const { data, error, refetch } = useQuery(trpc.dags.versions.queryOptions(place))
  useLive(
    summary.data === undefined ? [] : [`dag:${summary.data.id}`, `versions:${summary.data.id}`],
    () => void refetch(),
  )
  return (
    <>
      <DagBar place={place} />
      <main className="page">
        {error !== null && <Fault error={error} />}
        {data === undefined && error === null && <Loading />}
        {data !== undefined && (
          <div className="sheet">
            <table className="list">
              <thead>
                <tr>
                  <th>From</th>
                  <th>To</th>
                  <th>Version</th>
                  <th>Commit</th>
                  <th>Author</th>
                  <th>At</th>
                  <th className="num">Tasks</th>
                  <th className="num">Runs</th>
                  <th>Last run</th>
                  <th aria-label="Actions" />
                </tr>
              </thead>
              <tbody>
                {data.map((version) => (
                  <tr key={version.id}>
                    <td>
                      <input
                        type="radio"
                        name="a"
                        aria-label={`Difference from v${version.number}`}
                        checked={a === version.number}
                        onChange={() => void setPair({ a: version.number })}
                      />
                    </td>
                    <td>
                      <input
                        type="radio"
                        name="b"
                        aria-label={`Difference to v${version.number}`}
                        checked={b === version.number}
                        onChange={() => void setPair({ b: version.number })}
                      />
                    </td>
                    <td className="strong">v{version.number}</td>
                    <td>
                      <span className="sha">{version.commit.slice(0, 7)}</span> {version.subject}{' '}
                      {version.refs.map((ref) => (
                        <span className="chip" key={ref}>
                          {ref.replace(/^refs\/(heads|tags)\//, '')}
                        </span>
                      ))}
                    </td>
                    <td>{version.author}</td>
                    <td className="muted">
                      <Ago time={version.committedAt} />
                    </td>
                    <td className="num">{version.tasks}</td>
                    <td className="num">{version.runs}</td>
                    <td>
                      {version.lastRun !== null && (
                        <Link href={`${dagPath(place)}/runs/${version.lastRun.number}`}>
                          <StatusDot state={version.lastRun.state as RunState} /> run {version.lastRun.number}
                        </Link>
                      )}
                    </td>
                    <td>
                      <button
                        type="button"
                        className="btn ghost"
                        onClick={() => setRunning(`v${version.number}`)}
                      >
                        Run
                      </button>
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        )}
        {a !== null && b !== null && a !== b && <Difference place={place} a={a} b={b} />}
        {(a === null || b === null) && data !== undefined && data.length > 1 && (
          <p className="muted">Pick two versions to see what changed.</p>
        )}
      </main>
      {running !== null && (
        <StartRunDialog place={place} version={running} onClose={() => setRunning(null)} />
      )}
    </>
  )
}
