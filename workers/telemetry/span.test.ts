import { SpanStatusCode } from '@opentelemetry/api'
import { emptyResource } from '@opentelemetry/resources'
import { expect, test } from 'vitest'
import type { Ended } from '#db/queries/ended.ts'
import { traceparentOf } from '#server/domain/run/trace-context.ts'
import { spanOf } from './span.ts'

const runId = '0af76519-16cd-43dd-8448-eb211c80319c'
const attemptId = 'b7ad6b71-6920-4331-9c1f-3a8d9f2e5b60'
const run: Ended = {
  kind: 'run',
  id: runId,
  runId,
  team: 'main',
  repository: 'science',
  dag: 'iris',
  number: 44,
  version: 2,
  state: 'succeeded',
  reason: null,
  message: null,
  by: 'api',
  task: null,
  key: null,
  n: null,
  workerId: null,
  exitCode: null,
  created: 1_764_000_000_123_456,
  started: 1_764_000_001_000_000,
  ended: 1_764_000_002_000_001,
}
const attempt: Ended = {
  ...run,
  kind: 'attempt',
  id: attemptId,
  by: 'process',
  task: 'train',
  key: 'alpha=1',
  n: 2,
}
const span = (ended: Ended, url: string | null = 'http://dagbok.test') => spanOf(ended, url, emptyResource())

test('a run is the root of its trace', () => {
  const { name, parentSpanContext, spanContext, startTime, endTime, events, attributes } = span(run)
  expect([name, parentSpanContext]).toEqual(['RUN iris', undefined])
  expect(spanContext()).toMatchObject({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: '0af7651916cd43dd',
  })
  expect(startTime).toEqual([1_764_000_000, 123_456_000])
  expect(endTime).toEqual([1_764_000_002, 1000])
  expect(events).toEqual([{ name: 'started', time: [1_764_000_001, 0], attributes: {} }])
  expect(attributes).toMatchObject({
    'cicd.pipeline.name': 'iris',
    'cicd.pipeline.result': 'success',
    'cicd.pipeline.run.url.full': 'http://dagbok.test/main/science/iris/runs/44',
    'dagbok.version': 2,
  })
  expect(span(run, null).attributes).not.toHaveProperty('cicd.pipeline.run.url.full')
})

test('an attempt is below its run, and is the parent that its code is told', () => {
  const { name, parentSpanContext, spanContext } = span(attempt)
  expect(name).toBe('train[alpha=1]')
  expect(parentSpanContext?.spanId).toBe(span(run).spanContext().spanId)
  const { traceId, spanId } = spanContext()
  expect(traceparentOf(runId, attemptId)).toBe(`00-${traceId}-${spanId}-01`)
})

test.each([
  ['failed', 'user_error', 'failure', SpanStatusCode.ERROR],
  ['failed', 'timeout', 'timeout', SpanStatusCode.ERROR],
  ['lost', 'worker_lost', 'error', SpanStatusCode.ERROR],
  ['cancelled', 'cancel_requested', 'cancellation', SpanStatusCode.UNSET],
  ['succeeded', null, 'success', SpanStatusCode.UNSET],
] as const)('%s by %s is the result %s', (state, reason, result, code) => {
  const { status, attributes } = span({ ...attempt, state, reason, message: 'Why.' })
  expect(status.code).toBe(code)
  expect(attributes['cicd.pipeline.task.run.result']).toBe(result)
})
