'use client'

import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { AttemptView, TaskRunView } from '#server/views/run.ts'
import { Fault } from '../../_components/page.tsx'
import { PodYaml } from '../../_components/pod-yaml.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

interface Props {
  runId: string
  row: TaskRunView
  attempt: AttemptView | undefined
}

function Shown({ runId, row, attempt }: Props) {
  const trpc = useTRPC()
  const { data, error } = useQuery(
    trpc.runs.pod.queryOptions(
      {
        id: runId,
        task: row.task,
        ...(row.key === null ? {} : { key: row.key }),
        ...(attempt === undefined ? {} : { n: attempt.n }),
      },
      { staleTime: 0 },
    ),
  )
  return (
    <>
      {error !== null && <Fault error={error} />}
      {data !== undefined && <PodYaml pod={data} />}
    </>
  )
}

/** The pod of an attempt, or without one the pod that the first would be; read when it is opened, and anew with each state. */
export function PodOfAttempt({ runId, row, attempt }: Props) {
  const [open, setOpen] = useState(false)
  return (
    <details className="pad kept" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="muted">Pod{attempt === undefined ? '' : ` of attempt ${attempt.n}`}</summary>
      {open && (
        <Shown key={`${row.state} ${attempt?.state ?? ''}`} runId={runId} row={row} attempt={attempt} />
      )}
    </details>
  )
}
