'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { Fault } from '../../_components/page.tsx'
import { ParamsForm } from '../../_components/params-form.tsx'
import { readParams } from '../../_components/params.ts'
import { useTRPC } from '../../_trpc/provider.tsx'

interface Props {
  runId: string
  row: TaskRunView
  form: RunDetail['forms'][string]
}

/** What a task asks a person: its fields, yes or no. What was answered shows up by itself. */
export function AnswerForm({ runId, row, form }: Props) {
  const trpc = useTRPC()
  const [texts, setTexts] = useState<Record<string, string>>({})
  const [comment, setComment] = useState('')
  const answer = useMutation(trpc.interventions.answer.mutationOptions())
  const send = (yes: boolean) =>
    answer.mutate({
      id: runId,
      task: row.task,
      ...(row.key === null ? {} : { key: row.key }),
      yes,
      values: readParams(form.fields, texts),
      ...(comment.trim() === '' ? {} : { comment }),
    })
  return (
    <form
      className="pad"
      aria-label="Answer"
      onSubmit={(event) => {
        event.preventDefault()
        send(true)
      }}
    >
      <p className="asks">{form.message ?? `${row.task} waits for an answer.`}</p>
      <ParamsForm
        properties={form.fields}
        texts={texts}
        onChange={(name, text) => setTexts({ ...texts, [name]: text })}
      />
      <label className="field">
        <span>Comment</span>
        <input className="input" value={comment} onChange={(event) => setComment(event.target.value)} />
      </label>
      {answer.error !== null && <Fault error={answer.error} />}
      <div className="actions">
        <button type="button" className="btn danger" disabled={answer.isPending} onClick={() => send(false)}>
          No
        </button>
        <button type="submit" className="btn primary" disabled={answer.isPending}>
          Yes
        </button>
      </div>
    </form>
  )
}

/** Who answered what. */
export function GivenAnswer({ answer }: { answer: NonNullable<TaskRunView['answer']> }) {
  return (
    <p className="muted">
      {answer.by} answered {answer.yes ? 'yes' : 'no'}
      {answer.comment === null ? '' : `: ${answer.comment}`}
    </p>
  )
}
