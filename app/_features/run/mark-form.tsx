'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { marks, type Mark } from '#server/domain/run/reuse.ts'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { Fault } from '../../_components/page.tsx'
import { Ago } from '../../_components/time.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

interface Props {
  runId: string
  row: TaskRunView
  given: RunDetail['marks']
}

/** Gives a task run a state by hand, with a reason; and who did so before. */
export function MarkForm({ runId, row, given }: Props) {
  const trpc = useTRPC()
  const [as, setAs] = useState<Mark>('succeeded')
  const [reason, setReason] = useState('')
  const mark = useMutation(trpc.interventions.mark.mutationOptions({ onSuccess: () => setReason('') }))
  return (
    <details className="pad">
      <summary className="muted">Mark by hand{given.length > 0 ? ` (${given.length})` : ''}</summary>
      {given.map((one) => (
        <p key={one.at}>
          {one.by ?? 'Someone'} marked it as {one.as}: {one.reason} <Ago time={one.at} />
        </p>
      ))}
      <p className="muted">
        {row.endedAt === null
          ? 'It ends in this state at once.'
          : 'It keeps its state: the mark is a note that a recover of this run believes.'}
      </p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          mark.mutate({
            id: runId,
            task: row.task,
            ...(row.key === null ? {} : { key: row.key }),
            as,
            reason,
          })
        }}
      >
        <label className="field">
          <span>State</span>
          <select className="input" value={as} onChange={(event) => setAs(event.target.value as Mark)}>
            {marks.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        </label>
        <label className="field">
          <span>Reason</span>
          <input
            className="input"
            required
            value={reason}
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        {mark.error !== null && <Fault error={mark.error} />}
        <div className="actions">
          <button type="submit" className="btn" disabled={mark.isPending || reason.trim() === ''}>
            Mark
          </button>
        </div>
      </form>
    </details>
  )
}
