'use client'

import { useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useState } from 'react'
import type { Grid } from '#server/views/dag.ts'
import { Copy, DagBar, dagPath, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { shapeOf, stateWords } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { StartRunDialog } from './start-run-dialog.tsx'

/** Pixels of the tallest duration bar. */
const tallest = 40

const lengthOf = (run: Grid['runs'][number]): number | null =>
  run.startedAt === null || run.endedAt === null ? null : Date.parse(run.endedAt) - Date.parse(run.startedAt)

/** Neighbouring runs of one version, as the header names them. */
function spans(
  runs: Grid['runs'],
): { version: Grid['runs'][number]['version']; runs: number; first: string }[] {
  const out: { version: Grid['runs'][number]['version']; runs: number; first: string }[] = []
  for (const run of runs) {
    const last = out.at(-1)
    if (last?.version.id === run.version.id) last.runs++
    else out.push({ version: run.version, runs: 1, first: run.id })
  }
  return out
}

function GridTable({
  grid,
  place,
  picked,
  toggle,
}: {
  grid: Grid
  place: DagPlace
  picked: string[]
  toggle: (id: string) => void
}) {
  const longest = Math.max(1, ...grid.runs.map((run) => lengthOf(run) ?? 0))
  const firsts = new Set(
    spans(grid.runs)
      .slice(1)
      .map((span) => span.first),
  )
  const edge = (id: string) => `${firsts.has(id) ? 'b' : ''} ${picked.includes(id) ? 'sel' : ''}`
  return (
    <table className="grid">
      <thead>
        <tr>
          <th aria-label="Task" />
          {spans(grid.runs).map((span) => (
            <th
              key={span.first}
              colSpan={span.runs}
              className={`v ${firsts.has(span.first) ? 'b' : ''}`}
              title={`${span.version.subject}, ${span.version.author}`}
            >
              v{span.version.number}
            </th>
          ))}
        </tr>
        <tr>
          <th scope="row" className="muted" style={{ verticalAlign: 'bottom' }}>
            {durationWords(longest)}
          </th>
          {grid.runs.map((run) => (
            <th key={run.id} className={edge(run.id)} style={{ verticalAlign: 'bottom' }}>
              <Link
                href={`${dagPath(place)}/runs/${run.number}`}
                style={{ height: tallest + 6, alignItems: 'end' }}
                aria-label={`Run ${run.number}, version ${run.version.number}: ${stateWords(run.state)}`}
                title={`run ${run.number}: ${stateWords(run.state)}`}
              >
                <i
                  className={`bar ${shapeOf(run.state)}`}
                  style={{ height: Math.max(4, ((lengthOf(run) ?? longest) / longest) * tallest) }}
                />
              </Link>
            </th>
          ))}
        </tr>
        <tr>
          <th scope="row" className="muted">
            compare
          </th>
          {grid.runs.map((run) => (
            <td key={run.id} className={edge(run.id)} style={{ textAlign: 'center' }}>
              <input
                type="checkbox"
                aria-label={`Compare run ${run.number}`}
                checked={picked.includes(run.id)}
                onChange={() => toggle(run.id)}
              />
            </td>
          ))}
        </tr>
      </thead>
      <tbody>
        {grid.tasks.map((task, t) => (
          <tr key={task.id}>
            <th scope="row" title={task.title ?? undefined}>
              {task.id}
            </th>
            {grid.runs.map((run, r) => {
              const cell = grid.cells[r]?.[t] ?? null
              if (cell === null)
                return <td key={run.id} className={edge(run.id)} aria-label="not in this version" />
              const words = `${task.id}, run ${run.number}: ${stateWords(cell.state)}${cell.items > 1 ? `, ${cell.done} of ${cell.items}` : ''}${cell.retried ? ', retried' : ''}`
              return (
                <td key={run.id} className={`${edge(run.id)} ${cell.retried ? 're' : ''}`}>
                  <Link
                    href={`${dagPath(place)}/runs/${run.number}?task=${encodeURIComponent(task.id)}`}
                    aria-label={words}
                    title={words}
                  >
                    <span className={`dot ${shapeOf(cell.state)}`} />
                  </Link>
                </td>
              )
            })}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** A DAG's home: the last runs by its tasks. */
export function DagHome({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const router = useRouter()
  const { team, repo, dag } = place
  const ref = { team, repo, dag }
  const summary = useQuery(trpc.dags.get.queryOptions(ref))
  const grid = useQuery(trpc.dags.grid.queryOptions(ref))
  const [picked, setPicked] = useState<string[]>([])
  const [starting, setStarting] = useState(false)
  useLive(summary.data === undefined ? [] : [`dag:${summary.data.id}`], () => {
    void summary.refetch()
    void grid.refetch()
  })
  const compare = () => picked.length >= 2 && router.push(`/compare?runs=${picked.join(',')}`)
  useKeys({ r: () => setStarting(true), c: () => void compare() })
  const toggle = (id: string) =>
    setPicked((now) => (now.includes(id) ? now.filter((one) => one !== id) : [...now, id]))
  const data = summary.data
  const error = summary.error ?? grid.error
  return (
    <>
      <DagBar place={ref}>
        <button
          type="button"
          className="btn"
          disabled={picked.length < 2}
          onClick={compare}
          title="Tick two runs or more"
        >
          Compare {picked.length > 1 ? picked.length : ''} <kbd>C</kbd>
        </button>
        <button type="button" className="btn primary" onClick={() => setStarting(true)}>
          Run <kbd>R</kbd>
        </button>
      </DagBar>
      <main className="page">
        {error !== null && <Fault error={error} />}
        {data !== undefined && (
          <div className="now">
            {data.nextTick !== null && (
              <span>
                Next{' '}
                <b>
                  <Ago time={data.nextTick} />
                </b>
                , {data.schedule[0]?.words} {data.schedule[0]?.timezone}
              </span>
            )}
            <span>
              {data.defaultBranch} is at{' '}
              <b>{data.version === null ? 'no version' : `v${data.version.number}`}</b>
              {data.version !== null && ` ${data.version.subject}`}
            </span>
            <span className="mono">
              git clone {data.gitUrl} <Copy text={`git clone ${data.gitUrl}`} label="command" />
            </span>
          </div>
        )}
        {data !== undefined && data.faults.length > 0 && (
          <Fault
            error={{
              message: data.faults
                .map((fault) => `${fault.file}:${fault.line}:${fault.column} ${fault.message}`)
                .join('\n'),
            }}
          />
        )}
        {grid.data === undefined && error === null && <Loading />}
        {grid.data?.runs.length === 0 && (
          <p className="muted">No runs yet. Press R to start the first one.</p>
        )}
        {grid.data !== undefined && grid.data.runs.length > 0 && (
          <GridTable grid={grid.data} place={ref} picked={picked} toggle={toggle} />
        )}
      </main>
      {starting && <StartRunDialog place={ref} onClose={() => setStarting(false)} />}
    </>
  )
}
