'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useQueryState } from 'nuqs'
import type { DagSummary } from '#server/views/dag.ts'
import { dagPath, Fault, Loading, TopBar, Copy } from '../../_components/page.tsx'
import { shapeOf, StatusDot, stateWords } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'

/** Pixels of the tallest bar. */
const tallest = 22

export function RunBars({ runs }: { runs: DagSummary['lastRuns'] }) {
  const longest = Math.max(1, ...runs.map((run) => run.duration ?? 0))
  const last = runs.at(-1)
  const words =
    last === undefined ? 'never run' : `last ${runs.length} runs, newest ${stateWords(last.state)}`
  return (
    <span className="bars" role="img" aria-label={words}>
      {runs.map((run) => (
        <i
          key={run.id}
          className={shapeOf(run.state)}
          title={`run ${run.number}, v${run.versionNumber}: ${stateWords(run.state)}${run.duration === null ? '' : `, ${durationWords(run.duration)}`}`}
          style={{ height: Math.max(4, ((run.duration ?? longest) / longest) * tallest) }}
        />
      ))}
    </span>
  )
}

const failing = (dag: DagSummary) => dag.lastRuns.at(-1)?.state === 'failed' || dag.faults.length > 0

function DagRow({ dag }: { dag: DagSummary }) {
  const last = dag.lastRuns.at(-1)
  return (
    <tr>
      <td style={{ width: 24 }}>{last === undefined ? null : <StatusDot state={last.state} />}</td>
      <td>
        <Link className="strong" href={dagPath(dag.ref)}>
          {dag.ref.dag}
        </Link>{' '}
        <span className="muted">{dag.title}</span>
        {dag.faults.length > 0 && (
          <>
            {' '}
            <Link className="chip bad" href={dagPath(dag.ref)}>
              {dag.faults.length} fault{dag.faults.length === 1 ? '' : 's'}
            </Link>
          </>
        )}
      </td>
      <td className="muted">
        {dag.ref.team}/{dag.ref.repo}
      </td>
      <td>{dag.version === null ? <span className="muted">none</span> : `v${dag.version.number}`}</td>
      <td>
        <RunBars runs={dag.lastRuns} />
      </td>
      <td className="muted">{last === undefined ? 'never run' : <Ago time={last.createdAt} />}</td>
      <td className="muted">{dag.nextTick === null ? '' : <Ago time={dag.nextTick} />}</td>
    </tr>
  )
}

/** How to begin. `gitUrl` is where the team's repositories are. */
function Empty({ gitUrl }: { gitUrl: string }) {
  const lines = `git remote add dagbok ${gitUrl}/NAME.git\ngit push dagbok main`
  return (
    <div className="page">
      <h1 className="strong">No DAGs yet</h1>
      <p className="muted">
        Push a repository with a <code className="mono">NAME.dag.md</code> in it: make a token under{' '}
        <Link href="/settings">Settings</Link> (it is the password that git asks for), then, in a repository
        of yours,
      </p>
      <pre className="code">{lines}</pre>
      <Copy text={lines} label="command" />
    </div>
  )
}

/** Every DAG, failing first. */
export function DagList() {
  const trpc = useTRPC()
  const [search, setSearch] = useQueryState('q', { defaultValue: '' })
  const { data, error, refetch } = useQuery(trpc.dags.list.queryOptions({}))
  useLive(['dag:*', 'repository:*'], () => void refetch())
  const found = (data?.dags ?? [])
    .filter((dag) =>
      `${dag.ref.team}/${dag.ref.repo}/${dag.ref.dag} ${dag.title ?? ''} ${dag.tags.join(' ')}`
        .toLowerCase()
        .includes(search.toLowerCase()),
    )
    .toSorted((a, b) => Number(failing(b)) - Number(failing(a)))
  return (
    <>
      <TopBar crumbs={[{ name: 'DAGs' }]}>
        <input
          className="input"
          type="search"
          aria-label="Search DAGs"
          placeholder="Search"
          value={search}
          onChange={(event) => void setSearch(event.target.value)}
        />
      </TopBar>
      <main className="page">
        {error !== null && <Fault error={error} />}
        {data === undefined && error === null && <Loading />}
        {data !== undefined && data.dags.length === 0 && data.broken.length === 0 && (
          <Empty gitUrl={data.gitUrl} />
        )}
        {data !== undefined && data.dags.length > 0 && (
          <div className="sheet">
            <table className="list">
              <thead>
                <tr>
                  <th aria-label="State" />
                  <th>DAG</th>
                  <th>Repository</th>
                  <th>Version</th>
                  <th>Last runs</th>
                  <th>Newest</th>
                  <th>Next</th>
                </tr>
              </thead>
              <tbody>
                {found.map((dag) => (
                  <DagRow key={dag.id} dag={dag} />
                ))}
              </tbody>
            </table>
            {found.length === 0 && (
              <p className="muted pad">No DAG has “{search}” in its name, title or tags.</p>
            )}
          </div>
        )}
        {(data?.broken ?? []).map((notebook) => (
          <div className="why" key={`${notebook.repo} ${notebook.path}`}>
            {notebook.team}/{notebook.repo}: {notebook.path} is no DAG yet.
            {notebook.faults.map((fault) => (
              <div key={`${fault.line} ${fault.message}`} className="mono">
                {fault.file}:{fault.line}:{fault.column} {fault.message}
              </div>
            ))}
          </div>
        ))}
      </main>
    </>
  )
}
