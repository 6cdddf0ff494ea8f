import { expect, test } from 'vitest'
import { poolLeaseSeconds } from '#server/config/lease.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { RemoteSink } from './remote-sink.ts'

/** A desk that lets everything pass, `took` ms after it was asked, or is away; and its clock. */
function deskOf(leaseSeconds: number, took = 0) {
  const desk = { now: 0, away: false, says: leaseSeconds as number | undefined, asked: [] as unknown[] }
  const answer = <T>(_path: string, { body }: { body?: unknown } = {}) => {
    desk.now += took
    desk.asked.push(body)
    if (desk.away) return Promise.reject(new DagbokError('unavailable', 'nobody answers'))
    const said = { ok: true, answers: { t: 'go_on' }, leaseSeconds: desk.says }
    return Promise.resolve(said as T)
  }
  const sink = new RemoteSink(
    { call: answer, insist: answer },
    leaseSeconds,
    () => {},
    () => desk.now,
  )
  sink.hold('t')
  return { desk, sink }
}

test.each([
  [1000, true],
  [74_000, true],
  [76_000, false],
])('[R17] a start gate that answers after %i ms of a lease of 100 s opens: %s', async (took, opens) => {
  const { sink } = deskOf(100, took)
  expect(await sink.passGate('t', {})).toBe(opens)
  expect(sink.signalOf('t').aborted).toBe(!opens)
})

/** Beats until the attempt is fenced; ms since the last answer. */
async function silence({ desk, sink }: ReturnType<typeof deskOf>): Promise<number> {
  await sink.heartbeat(['t'])
  const since = desk.now
  desk.away = true
  do desk.now += sink.heartbeatMs
  while ((await sink.heartbeat(['t'])).get('t') === 'go_on')
  return desk.now - since
}

test('[R16] with the lease of the product an attempt goes on for a quarter of an hour without a word, and ends half a minute before the desk gives it up', async () => {
  const ms = await silence(deskOf(poolLeaseSeconds))
  expect(ms).toBeGreaterThan(15 * 60_000 + 30_000)
  expect(ms).toBeLessThan(poolLeaseSeconds * 1000 - 30_000)
})

test('a worker says which lease it counts on, and takes the one that the answer to its last question names', async () => {
  const { desk, sink } = deskOf(1000)
  await sink.heartbeat(['t'])
  await sink.passGate('t', {})
  expect(desk.asked).toMatchObject([{ leaseSeconds: 1000 }, { leaseSeconds: 1000 }])
  desk.now += 1000
  // A desk of the build before, after a downgrade: its leases are 300 s.
  desk.says = undefined
  expect(await silence({ desk, sink })).toBeLessThan(300_000)
})
