/**
 * A run, and each attempt of it, as a span by OpenTelemetry's conventions for CI/CD. The run is the trace. An attempt
 * hands the same ids to its code as TRACEPARENT, so that spans of its code come under its own.
 */
import { SpanKind, SpanStatusCode, TraceFlags, type Attributes, type HrTime } from '@opentelemetry/api'
import type { Resource } from '@opentelemetry/resources'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import type { Ended } from '#db/queries/ended.ts'
import type { Reason } from '#server/domain/run/states.ts'
import { spanIdOf, traceIdOf } from '#server/domain/run/trace-context.ts'
import { pathOfRun } from '#server/services/run/views.ts'

/** Values of `cicd.pipeline.result` and `cicd.pipeline.task.run.result`. */
const results: Record<string, string> = {
  succeeded: 'success',
  failed: 'failure',
  cancelled: 'cancellation',
  lost: 'error',
}
const timeouts = new Set<Reason>(['timeout', 'deadline', 'wait_timeout', 'queue_timeout'])

const resultOf = ({ state, reason }: Ended) =>
  state === 'failed' && reason !== null && timeouts.has(reason) ? 'timeout' : (results[state] ?? state)

const hrTime = (micros: number): HrTime => [Math.floor(micros / 1e6), Math.round((micros % 1e6) * 1000)]

/** Without those that say nothing. */
const known = (all: Record<string, string | number | null>): Attributes =>
  Object.fromEntries(Object.entries(all).filter(([, one]) => one !== null)) as Attributes

function attributesOf(ended: Ended, url: string | null): Attributes {
  const { kind, id, runId, team, repository, dag, number, version, reason, by, task, key, n, workerId } =
    ended
  const pipeline = {
    'cicd.pipeline.name': dag,
    'cicd.pipeline.run.id': runId,
    'cicd.pipeline.run.url.full': url,
    'dagbok.team': team,
    'dagbok.repository': repository,
    'dagbok.run.number': number,
    'dagbok.version': version,
    'dagbok.reason': reason,
  }
  if (kind === 'run')
    return known({
      ...pipeline,
      'cicd.pipeline.action.name': 'RUN',
      'cicd.pipeline.result': resultOf(ended),
      'dagbok.trigger': by,
    })
  return known({
    ...pipeline,
    'cicd.pipeline.task.name': task,
    'cicd.pipeline.task.run.id': id,
    'cicd.pipeline.task.run.result': resultOf(ended),
    'cicd.worker.id': workerId,
    'dagbok.task.key': key,
    'dagbok.attempt': n,
    'dagbok.executor': by,
    'process.exit.code': ended.exitCode,
  })
}

/** @param publicUrl the product's address, without a slash at its end; null: spans have no links */
export function spanOf(ended: Ended, publicUrl: string | null, resource: Resource): ReadableSpan {
  const { kind, id, runId, team, repository, dag, number, state, message, task, key, created } = ended
  const context = (spanId: string) => ({ traceId: traceIdOf(runId), spanId, traceFlags: TraceFlags.SAMPLED })
  const own = context(spanIdOf(id))
  const url = publicUrl === null ? null : publicUrl + pathOfRun({ team, repo: repository, dag, number })
  return {
    name: kind === 'run' ? `RUN ${dag}` : `${task}${key === null ? '' : `[${key}]`}`,
    kind: kind === 'run' ? SpanKind.SERVER : SpanKind.INTERNAL,
    spanContext: () => own,
    ...(kind === 'run' ? {} : { parentSpanContext: context(spanIdOf(runId)) }),
    startTime: hrTime(created),
    endTime: hrTime(ended.ended),
    duration: hrTime(Math.max(0, ended.ended - created)),
    ended: true,
    status:
      state === 'failed' || state === 'lost'
        ? { code: SpanStatusCode.ERROR, ...(message === null ? {} : { message }) }
        : { code: SpanStatusCode.UNSET },
    attributes: attributesOf(ended, url),
    links: [],
    // What comes before is the time in which it waited for a place, and was made ready.
    events: ended.started === null ? [] : [{ name: 'started', time: hrTime(ended.started), attributes: {} }],
    resource,
    instrumentationScope: { name: 'dagbok' },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  }
}
