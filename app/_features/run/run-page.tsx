'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import Link from 'next/link'
import { useRouter } from 'next/navigation'
import { useQueryStates, parseAsString, parseAsInteger } from 'nuqs'
import { useState } from 'react'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { shownState } from '#server/domain/run/shown-state.ts'
import { DagBar, dagPath, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { Modal } from '../../_components/dialog.tsx'
import { shapeOf, StatusDot, stateWords } from '../../_components/status.tsx'
import { Ago, durationWords } from '../../_components/time.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { VersionSelect } from '../../_components/version-select.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { DagGraph } from '../graph/dag-graph.tsx'
import { TaskPanel } from './task-panel.tsx'

const nameOf = (row: Pick<TaskRunView, 'task' | 'key'>) =>
  row.key === null ? row.task : `${row.task} ${row.key}`

function Gantt({
  run,
  selected,
  select,
}: {
  run: RunDetail
  selected: TaskRunView | null
  select: (row: TaskRunView) => void
}) {
  const start = Date.parse(run.startedAt ?? run.createdAt)
  const ends = run.taskRuns.flatMap((row) => (row.endedAt === null ? [] : Date.parse(row.endedAt)))
  const open = run.endedAt === null
  const queued = run.taskRuns.flatMap((row) => (row.queuedAt === null ? [] : Date.parse(row.queuedAt)))
  const end = Math.max(start + 1, ...ends, ...queued)
  const share = (time: string) => ((Date.parse(time) - start) / (end - start)) * 100
  return (
    <div className="sheet">
      <table className="list">
        <tbody>
          {run.taskRuns.map((row) => {
            const length =
              row.startedAt === null || row.endedAt === null
                ? null
                : Date.parse(row.endedAt) - Date.parse(row.startedAt)
            const until = row.endedAt ?? (open ? new Date(end).toISOString() : null)
            return (
              <tr
                key={nameOf(row)}
                aria-selected={selected === row}
                className={selected === row ? 'sel' : ''}
              >
                <td style={{ width: 22 }}>
                  <StatusDot state={row.state} />
                </td>
                <td style={{ width: '24%' }}>
                  <button type="button" className="pick strong" onClick={() => select(row)}>
                    {row.task}
                  </button>{' '}
                  <span className="mono muted">{row.key}</span>
                </td>
                <td>
                  <div className="track">
                    {row.queuedAt !== null && row.startedAt !== null && (
                      <i
                        className={`queued ${shapeOf(row.state)}`}
                        style={{
                          left: `${share(row.queuedAt)}%`,
                          width: `${share(row.startedAt) - share(row.queuedAt)}%`,
                        }}
                      />
                    )}
                    {row.startedAt !== null && until !== null && (
                      <i
                        className={shapeOf(row.state)}
                        style={{
                          left: `${share(row.startedAt)}%`,
                          width: `${Math.max(0.5, share(until) - share(row.startedAt))}%`,
                        }}
                      />
                    )}
                  </div>
                </td>
                <td className="num muted" style={{ width: 84 }}>
                  {length === null ? stateWords(row.state) : durationWords(length)}
                </td>
                <td className="muted" style={{ width: 70 }}>
                  {row.attempts.length > 1 ? `${row.attempts.length} attempts` : ''}
                </td>
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function RunHead({ run }: { run: RunDetail }) {
  const length =
    run.startedAt === null || run.endedAt === null
      ? null
      : Date.parse(run.endedAt) - Date.parse(run.startedAt)
  return (
    <>
      <h1 className="runhead">
        <StatusDot state={run.state} /> {run.cancelling ? 'Cancelling. ' : ''}
        {run.headline}
      </h1>
      <div className="now">
        <span>
          <b>v{run.version.number}</b> <span className="sha">{run.version.commit.slice(0, 7)}</span>{' '}
          {run.version.subject}, {run.version.author}
        </span>
        <span>
          {run.trigger} {run.triggeredBy === null ? '' : `by ${run.triggeredBy}`} <Ago time={run.createdAt} />
        </span>
        {length !== null && (
          <span>
            took <b>{durationWords(length)}</b>
          </span>
        )}
        {run.parent !== null && (
          <span>
            {run.parent.verb} of{' '}
            <Link href={`${dagPath(run.dag)}/runs/${run.parent.number}`} className="strong">
              run {run.parent.number}
            </Link>
          </span>
        )}
        {Object.entries(run.params).map(([name, value]) => (
          <span key={name} className="chip mono">
            {name} = {JSON.stringify(value)}
          </span>
        ))}
      </div>
    </>
  )
}

function RerunDialog({ run, place, onClose }: { run: RunDetail; place: DagPlace; onClose: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const [version, setVersion] = useState('')
  const again = useMutation(
    trpc.runs.rerun.mutationOptions({
      onSuccess: ({ number }) => {
        onClose()
        router.push(`${dagPath(place)}/runs/${number}`)
      },
    }),
  )
  return (
    <Modal open title={`Run ${run.number} again`} onClose={onClose}>
      <p className="muted">A new run with the same params. Nothing of run {run.number} changes.</p>
      <VersionSelect
        place={place}
        value={version}
        first={`the same, v${run.version.number}`}
        onChange={setVersion}
      />
      {again.error !== null && <Fault error={again.error} />}
      <div className="actions">
        <button type="button" className="btn ghost" onClick={onClose}>
          Cancel
        </button>
        <button
          type="button"
          className="btn primary"
          disabled={again.isPending}
          onClick={() => again.mutate({ id: run.id, ...(version === '' ? {} : { version }) })}
        >
          Run again
        </button>
      </div>
    </Modal>
  )
}

/** A run: its answer, its graph, its task runs in time, and one task with its log and results. */
export function RunPage({ place, number }: { place: DagPlace; number: number }) {
  const trpc = useTRPC()
  const [at, setAt] = useQueryStates({ task: parseAsString, key: parseAsString, attempt: parseAsInteger })
  const [again, setAgain] = useState(false)
  const query = useQuery(trpc.runs.byNumber.queryOptions({ ...place, number }))
  const run = query.data
  useLive(run === undefined ? [] : [`run:${run.id}`], () => void query.refetch())
  const cancel = useMutation(trpc.runs.cancel.mutationOptions({ onSuccess: () => query.refetch() }))
  const firstFailed = run?.taskRuns.find((row) => row.state === 'failed')
  useKeys({
    r: () => setAgain(true),
    f: () =>
      firstFailed !== undefined &&
      void setAt({ task: firstFailed.task, key: firstFailed.key, attempt: null }),
  })
  const states = new Map(
    [...Map.groupBy(run?.taskRuns ?? [], (row) => row.task)].map(([task, items]) => [
      task,
      shownState(items.map((item) => item.state)),
    ]),
  )
  const select = (row: Pick<TaskRunView, 'task' | 'key'>) =>
    void setAt({ task: row.task, key: row.key, attempt: null })
  const rows = run?.taskRuns ?? []
  const selected =
    rows.find((row) => row.task === at.task && row.key === at.key) ??
    rows.find((row) => row.task === at.task) ??
    firstFailed ??
    rows.find((row) => row.state === 'running') ??
    rows.at(-1) ??
    null
  return (
    <>
      <DagBar place={place} leaf={`run ${number}`}>
        {run !== undefined && run.endedAt === null && (
          <button
            type="button"
            className="btn danger"
            disabled={cancel.isPending || run.cancelling}
            onClick={() => cancel.mutate({ id: run.id })}
          >
            Cancel run
          </button>
        )}
        {run !== undefined && (
          <button type="button" className="btn primary" onClick={() => setAgain(true)}>
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
            <Gantt run={run} selected={selected} select={select} />
          </main>
          <aside aria-label="Task">
            {selected !== null && (
              <TaskPanel
                key={`${run.id} ${nameOf(selected)}`}
                runId={run.id}
                row={selected}
                attempt={at.attempt}
                onAttempt={(n) => void setAt({ attempt: n })}
              />
            )}
          </aside>
        </div>
      )}
      {again && run !== undefined && <RerunDialog run={run} place={place} onClose={() => setAgain(false)} />}
    </>
  )
}
