import { expect, test } from 'vitest'
import { RemoteSink } from './remote-sink.ts'

/** A desk that lets everything pass, `took` ms after it was asked. */
function sinkOf(leaseSeconds: number, took: number): RemoteSink {
  let now = 0
  const answer = <T>() => {
    now += took
    return Promise.resolve({ ok: true } as T)
  }
  const sink = new RemoteSink(
    { call: answer, insist: answer },
    leaseSeconds,
    () => {},
    () => now,
  )
  sink.hold('t')
  return sink
}

test.each([
  [1000, true],
  [74_000, true],
  [76_000, false],
])('[R17] a start gate that answers after %i ms of a lease of 100 s opens: %s', async (took, opens) => {
  const sink = sinkOf(100, took)
  expect(await sink.passGate('t', {})).toBe(opens)
  expect(sink.signalOf('t').aborted).toBe(!opens)
})
