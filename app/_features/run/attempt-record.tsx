'use client'

import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { programOf } from '#server/domain/run/attempt-record.ts'
import type { AttemptRecord } from '#server/views/attempt.ts'
import type { AttemptView, TaskRunView } from '#server/views/run.ts'
import { CopyIcon, Fault } from '../../_components/page.tsx'
import { durationWords, sizeWords } from '../../_components/time.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

type Given = NonNullable<AttemptRecord['given']>
type Input = Given['inputs'][string]

const Hash = ({ hash }: { hash: string }) => (
  <span title={hash}>
    {hash.slice(0, 12)} <CopyIcon text={hash} label="hash" />
  </span>
)

/** UTC, as `2026-01-31` and `06:00:00.000`. */
const dayOf = (at: string) => at.slice(0, 10)
const clockOf = (at: string) => at.slice(11, 23)

/** What happened when; the day where it is another than of the line before. */
function Events({ events }: { events: AttemptRecord['events'] }) {
  return (
    <>
      <h3>Events</h3>
      <ol className="events" aria-label="Events">
        {events.map(({ at, what }, i) => (
          <li key={`${at} ${what}`}>
            {dayOf(at) !== dayOf(events[i - 1]?.at ?? '') && (
              <span className="day mono muted">{dayOf(at)} UTC</span>
            )}
            <time dateTime={at} title={at} className="mono muted">
              {clockOf(at)}
            </time>
            <span>{what}</span>
          </li>
        ))}
      </ol>
    </>
  )
}

/** Names and what they are; nothing when there are none. */
function Facts({ title, rows }: { title: string; rows: readonly (readonly [string, ReactNode])[] }) {
  if (rows.length === 0) return null
  return (
    <>
      <h3>{title}</h3>
      <dl className="facts record">
        {rows.map(([name, value]) => (
          <div key={name} style={{ display: 'contents' }}>
            <dt>{name}</dt>
            <dd>{value === '' ? <span className="muted">empty</span> : value}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function inputWords(input: Input): ReactNode {
  switch (input.kind) {
    case 'file':
      return (
        <>
          {input.path}, {sizeWords(input.size)}, <Hash hash={input.hash} />
        </>
      )
    case 'folder':
      return (
        <details>
          <summary>{input.count} files</summary>
          {input.items.map(({ key, path, hash }) => (
            <div key={key}>
              {key} {path} <Hash hash={hash} />
            </div>
          ))}
          {input.count > input.items.length && <div>and {input.count - input.items.length} more</div>}
        </details>
      )
    case 'repository_file':
      return (
        <>
          {input.path} of the version{input.blob === null ? '' : ', '}
          {input.blob !== null && <Hash hash={input.blob} />}
        </>
      )
    case 'json':
      return JSON.stringify(input.value)
    case 'missing':
      return `${input.task}.${input.output} was not left`
    default:
      return null
  }
}

/** The program and its arguments as executed; else as rendered. */
function commandOf({ argv, given }: AttemptRecord): string | null {
  if (argv !== null)
    return argv.map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : JSON.stringify(word))).join(' ')
  if (given === null) return null
  return [...programOf(given.action), ...given.action.args].join(' ')
}

function limitsOf({ timeout, startTimeout, memory }: Given): [string, ReactNode][] {
  return [
    ...(timeout === null ? [] : [['timeout', durationWords(timeout)] as [string, ReactNode]]),
    ...(startTimeout === null ? [] : [['start_timeout', durationWords(startTimeout)] as [string, ReactNode]]),
    ...(memory === null ? [] : [['memory', sizeWords(memory)] as [string, ReactNode]]),
  ]
}

function Whole({ record }: { record: AttemptRecord }) {
  const { given, worker, outputs, events } = record
  const command = commandOf(record)
  const env = Object.entries(given?.env ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return (
    <>
      <Events events={events} />
      {command !== null && (
        <>
          <h3>Command</h3>
          <pre className="code sunk">{command}</pre>
        </>
      )}
      <Facts
        title="Where"
        rows={[
          ['executor', record.executor],
          ...(worker === null
            ? []
            : [
                [
                  'worker',
                  `${worker.host ?? worker.id}${worker.pid === null ? '' : `, pid ${worker.pid}`}`,
                ] as const,
              ]),
          ...(given === null ? [] : [['folder', given.folder === '' ? '/' : given.folder] as const]),
          ...(given === null ? [] : limitsOf(given)),
        ]}
      />
      <Facts
        title="Params"
        rows={Object.entries(given?.params ?? {}).map(([name, value]) => [name, JSON.stringify(value)])}
      />
      <Facts
        title="Inputs"
        rows={Object.entries(given?.inputs ?? {}).map(([name, input]) => [name, inputWords(input)])}
      />
      <Facts
        title="Outputs"
        rows={outputs.map(({ name, path, size, hash }) => [
          name,
          <>
            {path}, {sizeWords(size)}, <Hash hash={hash} />
          </>,
        ])}
      />
      <Facts title="Environment" rows={env} />
    </>
  )
}

/** What is kept of one attempt; read when it is opened. It stays as it was, whatever the next attempt does. */
export function AttemptRecordView({
  runId,
  row,
  attempt,
}: {
  runId: string
  row: TaskRunView
  attempt: AttemptView
}) {
  const trpc = useTRPC()
  const [open, setOpen] = useState(false)
  const { data, error } = useQuery(
    trpc.runs.attempt.queryOptions(
      { id: runId, task: row.task, n: attempt.n, ...(row.key === null ? {} : { key: row.key }) },
      { enabled: open },
    ),
  )
  return (
    <details className="pad kept" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary className="muted">Record of attempt {attempt.n}</summary>
      {error !== null && <Fault error={error} />}
      {data !== undefined && <Whole record={data} />}
    </details>
  )
}
