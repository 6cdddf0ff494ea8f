'use client'

import { useQuery } from '@tanstack/react-query'
import { standingWords } from '#server/domain/pod/cluster-report.ts'
import { useTRPC } from '../../_trpc/provider.tsx'

/** ms between two looks: what runs changes without a word to this page. */
const lookMs = 5000

/** What whoever operates Dagbok has set for all tasks. */
export function Deployment() {
  const trpc = useTRPC()
  const { data } = useQuery({ ...trpc.deployment.get.queryOptions({}), refetchInterval: lookMs })
  return (
    <section className="sheet" aria-label="Deployment">
      <header>
        <h2>Deployment</h2>
        <span className="muted">set in the environment of the server</span>
      </header>
      {data !== undefined && (
        <table className="list">
          <tbody>
            <tr>
              <td>Tasks at once</td>
              <td>
                {data.parallelism === null
                  ? `${data.active} now, as many as there are places`
                  : `${data.active} of ${data.parallelism}`}
              </td>
              <td className="mono muted">DAGBOK_PARALLELISM</td>
            </tr>
            <tr>
              <td>Executor of tasks that name none</td>
              <td className="mono">{data.executor}</td>
              <td className="mono muted">DAGBOK_EXECUTOR</td>
            </tr>
            <tr>
              <td>Tasks as processes of the server’s own machine</td>
              <td>{data.processes ? 'run' : 'are not run'}</td>
              <td className="mono muted">DAGBOK_PROCESSES</td>
            </tr>
            {data.clusters.map(({ name, server, version, fault }) => (
              <tr key={name}>
                <td>
                  Cluster <span className="mono">{name}</span>
                </td>
                <td>
                  <span className={fault === null ? '' : 'wait-words'}>
                    {standingWords({ version, fault })}
                  </span>
                  {server !== null && <div className="mono muted">{server}</div>}
                </td>
                <td className="mono muted">DAGBOK_CLUSTERS_FILE</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}
