'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import { parseAsInteger, parseAsString, useQueryStates } from 'nuqs'
import { useMemo, useState } from 'react'
import { shownState } from '#server/domain/run/shown-state.ts'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { DagGraph } from '../../_components/dag-graph.tsx'
import { DagBar, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { stateWords } from '../../_components/status.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTitle } from '../../_components/use-title.ts'
import { waitingLookMs } from '../../_components/why-not-running.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { GanttChart } from './gantt-chart.tsx'
import { RerunDialog } from './rerun-dialog.tsx'
import { RunHead } from './run-head.tsx'
import { TaskPanel } from './task-panel.tsx'

type Place = Pick<TaskRunView, 'task' | 'key'>

const nameOf = (row: Place) => `${row.task} ${row.key ?? ''}`

/** The named task run; else what is worth a look first: what asks, a failure, what runs, the last one. */
function selectedOf(rows: readonly TaskRunView[], at: { task: string | null; key: string | null }) {
  return (
    rows.find((row) => row.task === at.task && row.key === at.key) ??
    rows.find((row) => row.task === at.task) ??
    rows.find((row) => row.state === 'awaiting_input') ??
    rows.find((row) => row.state === 'failed') ??
    rows.find((row) => row.state === 'running') ??
    rows.at(-1) ??
    null
  )
}

const noRows: RunDetail['taskRuns'] = []

const waits = (run: RunDetail): boolean =>
  run.whyNotRunning !== null || run.taskRuns.some((row) => row.whyNotRunning !== null)

/** A run: its answer, its graph, its task runs in time, and one task with its log and results. */
export function RunPage({ place, number }: { place: DagPlace; number: number }) {
  const trpc = useTRPC()
  const [at, setAt] = useQueryStates({ task: parseAsString, key: parseAsString, attempt: parseAsInteger })
  const [again, setAgain] = useState(false)
  const query = useQuery(
    trpc.runs.byNumber.queryOptions(
      { ...place, number },
      {
        refetchInterval: ({ state }) =>
          state.data !== undefined && waits(state.data) ? waitingLookMs : false,
      },
    ),
  )
  const run = query.data
  useLive(run === undefined ? [] : [`run:${run.id}`], () => query.refetch())
  const cancel = useMutation(trpc.runs.cancel.mutationOptions({ onSuccess: () => query.refetch() }))
  const rows = run?.taskRuns ?? noRows
  const states = useMemo(
    () =>
      new Map(
        [...Map.groupBy(rows, (row) => row.task)].map(([task, items]) => [
          task,
          shownState(items.map((item) => item.state)),
        ]),
      ),
    [rows],
  )
  const select = ({ task, key }: Place) => {
    // Lines that the address names are of the log that was shown.
    window.history.replaceState(window.history.state, '', window.location.pathname + window.location.search)
    void setAt({ task, key, attempt: null })
  }
  const selected = selectedOf(rows, at)
  const firstFailed = rows.find((row) => row.state === 'failed')
  const walk = (by: number) => {
    const here = rows.findIndex((row) => row === selected)
    const to = rows[Math.max(0, Math.min(rows.length - 1, here + by))]
    if (to !== undefined) select(to)
  }
  useKeys([
    { key: 'r', words: 'Run again', act: () => setAgain(true) },
    { key: 'f', words: 'First failure', act: () => firstFailed !== undefined && select(firstFailed) },
    { key: 'ArrowDown', also: ['j'], words: 'Next task', act: () => walk(1), moves: true },
    { key: 'ArrowUp', also: ['k'], words: 'Previous task', act: () => walk(-1), moves: true },
  ])
  useTitle(run === undefined ? null : `${stateWords(run.state)} · run ${number} · ${place.dag}`)
  return (
    <>
      <DagBar place={place} leaf={`run ${number}`}>
        {run !== undefined && run.endedAt === null && (
          <button
            type="button"
            className="btn danger"
            disabled={cancel.isPending}
            title={run.cancelling ? 'Leaves the clean-up out' : undefined}
            onClick={() => cancel.mutate({ id: run.id })}
          >
            {run.cancelling ? 'End at once' : 'Cancel run'}
          </button>
        )}
        {run !== undefined && (
          <button
            type="button"
            className={selected?.state === 'awaiting_input' ? 'btn' : 'btn primary'}
            onClick={() => setAgain(true)}
          >
            Run again <kbd>R</kbd>
          </button>
        )}
      </DagBar>
      {query.error !== null && (
        <main className="page">
          <Fault error={query.error} />
        </main>
      )}
      {run === undefined && query.error === null && <Loading />}
      {run !== undefined && (
        <div className="split">
          <main className="page">
            <RunHead run={run} />
            {cancel.error !== null && <Fault error={cancel.error} />}
            <div className="sheet">
              <DagGraph
                tasks={run.graph.tasks}
                states={states}
                selected={selected?.task ?? null}
                onSelect={(task) => select({ task, key: rows.find((row) => row.task === task)?.key ?? null })}
              />
            </div>
            <GanttChart run={run} selected={selected === null ? null : nameOf(selected)} select={select} />
          </main>
          <aside aria-label="Task">
            {selected !== null && (
              <TaskPanel
                key={`${run.id} ${nameOf(selected)}`}
                run={run}
                row={selected}
                attempt={at.attempt}
                onAttempt={(n) => void setAt({ attempt: n })}
              />
            )}
          </aside>
        </div>
      )}
      {again && run !== undefined && (
        <RerunDialog run={run} place={place} selected={selected} onClose={() => setAgain(false)} />
      )}
    </>
  )
}
