import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LogCursor, timeOf, type LogLine } from './log-lines.ts'

const line = (second: number, text: string): LogLine => ({
  at: BigInt(second) * 1_000_000_000n,
  text,
  isWhole: true,
})

/** What a kubelet sends that is asked from a second on: whole lines, in the order in which they were written. */
const from = (log: readonly LogLine[], since: string | undefined): LogLine[] =>
  log.filter(({ at }) => since === undefined || at >= (timeOf(since) ?? 0n))

function read(log: readonly LogLine[], cursor: LogCursor): LogLine[] {
  cursor.begin()
  return from(log, cursor.sinceTime).filter((one) => cursor.take(one))
}

test('whoever goes on with a log from a position has each of its lines once, also equal ones, and those of two streams that are out of order', () => {
  const logs = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.constantFrom('a', 'b')), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(logs, fc.array(fc.nat(40), { maxLength: 4 }), (steps, cuts) => {
      // Seconds go on; a line may be of the second before.
      let second = 100
      const log = steps.map(([step, text]) => line(step === 0 ? second - 1 : (second += step - 1), text))
      const had: LogLine[] = []
      let cursor = new LogCursor()
      for (const cut of [...cuts.toSorted((a, b) => a - b), log.length]) {
        had.push(...read(log.slice(0, cut), cursor))
        cursor = new LogCursor(cursor.position)
      }
      expect(had).toEqual(log)
    }),
    { numRuns: 2000 },
  )
})

test('[R8] whoever goes on after a rotation has none of its lines twice, misses none that is there, and tells a hole', () => {
  const steps = fc.array(fc.integer({ min: 1, max: 1_500_000_000 }), { minLength: 2, maxLength: 40 })
  fc.assert(
    fc.property(steps, fc.nat(40), fc.nat(40), (between, upTo, rotated) => {
      let at = 100_000_000_000n
      const log = between.map((ns, n): LogLine => ({ at: (at += BigInt(ns)), text: `${n}`, isWhole: true }))
      const first = new LogCursor()
      const had = read(log.slice(0, upTo), first)
      const left = log.slice(rotated)
      const cursor = new LogCursor(first.position)
      cursor.begin()
      const told: (LogLine | 'hole')[] = []
      for (const one of from(left, cursor.sinceTime)) {
        if (!cursor.take(one)) continue
        if (cursor.tellGap()) told.push('hole')
        told.push(one)
      }
      const isHole = had.length > 0 && rotated >= had.length && left.length > 0
      const rest = log.slice(Math.max(had.length, rotated))
      expect(told).toEqual(isHole ? ['hole', ...rest] : rest)
    }),
    { numRuns: 2000 },
  )
})
