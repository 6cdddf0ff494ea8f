'use client'

import { useQuery } from '@tanstack/react-query'
import { ignoredWords } from '#server/domain/run/ignored.ts'
import { reasonWords } from '#server/domain/run/states.ts'
import { took, tookMeans } from '#server/domain/run/took.ts'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { Fault } from '../../_components/page.tsx'
import { StatusDot, stateWords } from '../../_components/status.tsx'
import { durationWords, sizeWords } from '../../_components/time.tsx'
import { WhyWords } from '../../_components/why-not-running.tsx'
import { Words } from '../../_components/words.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { AnswerForm, GivenAnswer } from './answer-form.tsx'
import { AttemptRecordView } from './attempt-record.tsx'
import { LogView } from './log-view.tsx'
import { MarkForm } from './mark-form.tsx'
import { PodOfAttempt } from './pod-of-attempt.tsx'
import { OutputView } from './output-view.tsx'

interface Props {
  run: RunDetail
  row: TaskRunView
  /** Which attempt's log; null is the newest. */
  attempt: number | null
  onAttempt: (n: number) => void
}

function Results({ runId, row }: { runId: string; row: TaskRunView }) {
  const trpc = useTRPC()
  const over = row.endedAt !== null
  const query = useQuery(
    trpc.runs.result.queryOptions(
      { id: runId, task: row.task, ...(row.key === null ? {} : { key: row.key }) },
      { enabled: over },
    ),
  )
  const data = query.data
  if (query.error !== null) return <Fault error={query.error} />
  if (data === undefined) return null
  const last = new Map(data.metrics.map((metric) => [metric.name, metric]))
  return (
    <>
      {last.size > 0 && (
        <div className="metrics">
          {[...last.values()].map((metric) => (
            <div key={metric.name}>
              <b>{Number(metric.value.toPrecision(6))}</b>
              {metric.name}
              {metric.better === null ? '' : ` (${metric.better} is better)`}
              {metric.declared ? '' : ' (undeclared)'}
            </div>
          ))}
        </div>
      )}
      {data.values.length > 0 && (
        <dl className="facts pad">
          {data.values.map((value) => (
            <div key={value.name} style={{ display: 'contents' }}>
              <dt>{value.name}</dt>
              <dd className="mono">
                {JSON.stringify(value.value)}
                {value.declared ? '' : ' (undeclared)'}
              </dd>
            </div>
          ))}
        </dl>
      )}
      {data.outputs.map((output) => (
        <div className="out" key={output.name}>
          <a
            className="btn ghost"
            href={`${output.url}?direct=1`}
            download
            aria-label={`Download ${output.path}`}
          >
            Download
          </a>
          <details
            open={
              data.outputs.length === 1 ||
              output.mediaType.startsWith('image/') ||
              output.mediaType === 'text/markdown'
            }
          >
            <summary>
              <b>{output.path}</b> <span className="muted">{sizeWords(output.size)}</span>
            </summary>
            <OutputView output={output} />
          </details>
        </div>
      ))}
    </>
  )
}

/** What its author says of the task, and what of it is not kept to. */
function SaidOfTask({ run, task }: { run: RunDetail; task: string }) {
  const ignored = run.ignored[task]
  const { description = null, effects = null } = run.described[task] ?? {}
  return (
    <>
      {description !== null && <p className="told">{description}</p>}
      {effects !== null && <p className="told">Effects: {effects}</p>}
      {ignored !== undefined &&
        ignoredWords(ignored).map((words) => (
          <p className="muted" key={words}>
            <Words text={words} />
          </p>
        ))}
    </>
  )
}

/** One task run: how it ended and why, what it left, its log. */
export function TaskPanel({ run, row, attempt, onAttempt }: Props) {
  const form = run.forms[row.task]
  const marked = run.marks.filter((one) => one.task === row.task && one.key === row.key)
  const shown = row.attempts.find((one) => one.n === attempt) ?? row.attempts.at(-1)
  const length = took(row)
  const doers = { cancelledBy: run.cancelledBy, answeredBy: row.answer?.by ?? null }
  const why = shown?.message ?? (row.reason === null ? null : reasonWords(row.reason, doers))
  return (
    <>
      <div className="pad">
        <h2 className="runhead">
          <StatusDot state={row.state} /> {row.task} <span className="mono muted">{row.key}</span>
        </h2>
        <p className="muted">
          {stateWords(row.state)}
          {length !== null && <span title={tookMeans}> in {durationWords(length)}</span>}
          {row.reason === null ? '' : `, ${row.reason}`}
          {shown?.exitCode == null ? '' : `, exit code ${shown.exitCode}`}
          {shown?.cpuSeconds == null ? '' : `, ${shown.cpuSeconds.toFixed(1)} cpu·s`}
          {shown?.memoryPeak == null || shown.memoryPeak === 0
            ? ''
            : `, ${sizeWords(shown.memoryPeak)} at most`}
        </p>
        <SaidOfTask run={run} task={row.task} />
        {row.reusedFrom !== null && <p className="muted">Its results are those of run {row.reusedFrom}.</p>}
        {row.answer !== null && <GivenAnswer answer={row.answer} />}
        {row.whyNotRunning !== null && (
          <p className="waits">
            <WhyWords why={row.whyNotRunning} />
          </p>
        )}
        {row.state !== 'succeeded' && row.whyNotRunning === null && why !== null && (
          <p className="why">{why}</p>
        )}
        {row.attempts.length > 1 && (
          <div className="tabs" style={{ marginLeft: 0 }} role="group" aria-label="Attempts">
            {row.attempts.map((one) => (
              <button
                type="button"
                className="btn ghost"
                key={one.id}
                aria-pressed={one.id === shown?.id}
                onClick={() => onAttempt(one.n)}
              >
                <StatusDot state={one.state} /> attempt {one.n}
              </button>
            ))}
          </div>
        )}
      </div>
      {row.state === 'awaiting_input' && form !== undefined && (
        <AnswerForm runId={run.id} row={row} form={form} />
      )}
      <Results runId={run.id} row={row} />
      {shown !== undefined && (
        <LogView
          key={shown.id}
          attemptId={shown.id}
          url={shown.log.url}
          failed={shown.state === 'failed' || shown.state === 'lost'}
        />
      )}
      {shown !== undefined && (
        <AttemptRecordView key={`record ${shown.id}`} runId={run.id} row={row} attempt={shown} />
      )}
      {run.pods.includes(row.task) && (
        <PodOfAttempt key={`pod ${shown?.id ?? ''}`} runId={run.id} row={row} attempt={shown} />
      )}
      <MarkForm runId={run.id} row={row} given={marked} />
    </>
  )
}
