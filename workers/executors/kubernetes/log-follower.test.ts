import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { Random } from '#workers/simulation/random.ts'
import type { LogAsk } from './cluster-client.ts'
import { ClusterError } from './cluster-error.ts'
import { followLog } from './log-follower.ts'
import { LogCursor, logLines, timeOf } from './log-lines.ts'
import { Sockets, VirtualTime } from './testing/virtual-time.ts'

const sockets = new Sockets()
afterAll(() => sockets.close())
const pod = { namespace: 'team-a', name: 'a' }

interface Written {
  /** ns from the begin. */
  at: number
  text: string
}

const begin = Date.parse('2026-11-27T06:00:00Z')
const stamp = (ns: number) =>
  `${new Date(begin + Math.floor(ns / 1e9) * 1000).toISOString().slice(0, 19)}.${String(ns % 1e9).padStart(9, '0')}Z`

/** As a kubelet gives a log: from a whole second on, line by line in the order of its file. */
function bytesOf(log: readonly Written[], sinceTime: string | undefined): Buffer {
  const since = sinceTime === undefined ? -Infinity : (Date.parse(sinceTime) - begin) * 1e6
  const lines = log.filter(({ at }) => at >= since)
  return Buffer.from(lines.map(({ at, text }) => `${stamp(at)} ${text}\n`).join(''))
}

interface Cut {
  /** The part of what is left at which a stream is cut off, and what of the log is written by then. */
  at: number
  how: 'end' | 'error'
}

/** A container that has ended when so many streams of its log have begun. */
function endedAfter(streams: number) {
  const ended = new AbortController()
  if (streams === 0) ended.abort()
  let n = 0
  return {
    ended: ended.signal,
    /** Which one has begun, from 0. */
    begun: () => {
      if (++n >= streams) ended.abort()
      return n - 1
    },
  }
}

/** A log that grows, whose streams are cut off at any byte. */
function sourceOf(log: readonly Written[], cuts: readonly Cut[], asked: LogAsk[]) {
  const { ended, begun } = endedAfter(cuts.length)
  return {
    ended,
    source: {
      readLog: async function* (_: unknown, ask: LogAsk): AsyncGenerator<Uint8Array> {
        asked.push(ask)
        const bytes = bytesOf(log, ask.sinceTime)
        const cut = cuts[begun()]
        const upTo = cut === undefined ? bytes.length : Math.floor(bytes.length * cut.at)
        for (let from = 0; from < upTo; from += 7) yield bytes.subarray(from, Math.min(upTo, from + 7))
        if (cut?.how === 'error') throw new ClusterError('unavailable', 'reset')
      },
    },
  }
}

async function followed(
  log: readonly Written[],
  cuts: readonly Cut[],
): Promise<{ texts: string[]; asked: LogAsk[] }> {
  const timing = new VirtualTime(sockets, new Random(1))
  const asked: LogAsk[] = []
  const texts: string[] = []
  const { source, ended } = sourceOf(log, cuts, asked)
  const { signal } = new AbortController()
  const reading = (async () => {
    for await (const { text } of followLog({ source, pod, container: 'main', ended, signal, timing }))
      texts.push(text)
  })()
  await timing.run(3_600_000)
  await reading
  return { texts, asked }
}

test('[R8] wherever a stream is cut off, every line comes once, in its order', async () => {
  const gap = fc.oneof(fc.constantFrom(0, 0, 1), fc.integer({ min: 0, max: 700_000_000 }))
  // The two streams of a container are stamped apart: a line may be some time before the one that it follows.
  const line = fc.record({
    gap,
    back: fc.constantFrom(0, 0, 0, 5, 400_000_000),
    text: fc.constantFrom('', 'a', 'b', 'Größe 🦉'),
  })
  const cut = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    how: fc.constantFrom('end' as const, 'error' as const),
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 30 }),
      fc.array(cut, { maxLength: 6 }),
      async (lines, cuts) => {
        let now = 1_000_000_000
        const log = lines.map(({ gap: more, back, text }) => ({ at: (now += more) - back, text }))
        const { texts } = await followed(log, cuts)
        expect(texts).toEqual(log.map(({ text }) => text))
      },
    ),
    { numRuns: 500 },
  )
})

test('[R8] where a log was rotated before it was read on, the hole is shown', async () => {
  const at = (n: number): Written => ({ at: n * 1e9, text: `line ${n}` })
  const timing = new VirtualTime(sockets, new Random(1))
  // The first stream has the first file; what comes after has the second one only.
  const files = [
    [at(1), at(2)],
    [at(5), at(6)],
  ]
  const { ended, begun } = endedAfter(2)
  const source = {
    readLog: async function* (_: unknown, ask: LogAsk): AsyncGenerator<Uint8Array> {
      yield bytesOf(files[Math.min(begun(), 1)] ?? [], ask.sinceTime)
    },
  }
  const texts: string[] = []
  const { signal } = new AbortController()
  const reading = (async () => {
    for await (const { text } of followLog({ source, pod, container: 'main', ended, signal, timing }))
      texts.push(text)
  })()
  await timing.run(3_600_000)
  await reading
  const hole = expect.stringContaining('lines may be missing here') as string
  expect(texts).toEqual(['line 1', 'line 2', hole, 'line 5', 'line 6'])
})

test('what has ended is read for the last time at once, and not when a wait is over', async () => {
  const timing = new VirtualTime(sockets, new Random(1))
  const end = new AbortController()
  const asked: number[] = []
  const source = {
    readLog: async function* (): AsyncGenerator<Uint8Array> {
      asked.push(timing.elapsed())
      // It is known a moment after the stream has ended.
      timing.after(10, () => end.abort())
      yield await Promise.resolve(bytesOf([{ at: 0, text: 'all' }], undefined))
    },
  }
  const texts: string[] = []
  const { signal } = new AbortController()
  const ended = end.signal
  const reading = (async () => {
    for await (const { text } of followLog({ source, pod, container: 'main', ended, signal, timing }))
      texts.push(text)
  })()
  await timing.run(60_000)
  await reading
  expect(texts).toEqual(['all'])
  expect(asked).toHaveLength(2)
  expect((asked[1] ?? Infinity) - (asked[0] ?? 0)).toBe(10)
})

test('[R8] an API server that does not answer is waited for, also when the container has ended', async () => {
  const timing = new VirtualTime(sockets, new Random(1))
  const ended = AbortSignal.abort()
  let [asked, away] = [0, 0]
  const source = {
    readLog: async function* (): AsyncGenerator<Uint8Array> {
      await Promise.resolve()
      if (++asked < 50) throw new ClusterError('unavailable', 'It does not answer (ECONNREFUSED).')
      yield bytesOf([{ at: 0, text: 'all' }], undefined)
    },
  }
  const texts: string[] = []
  const { signal } = new AbortController()
  const given = { source, pod, container: 'main', ended, away: () => void away++, signal, timing }
  const reading = (async () => {
    for await (const { text } of followLog(given)) texts.push(text)
  })()
  await timing.run(3_600_000)
  await reading
  expect(texts).toEqual(['all'])
  expect(away).toBe(49)
})

test('[R8] a kubelet that was started again and does not know yet what has ended is waited for', async () => {
  const timing = new VirtualTime(sockets, new Random(1))
  let asked = 0
  const words = 'container "main" in pod "p" is waiting to start: PodInitializing'
  const source = {
    readLog: async function* (): AsyncGenerator<Uint8Array> {
      await Promise.resolve()
      if (++asked < 20) throw new ClusterError('invalid', words, { status: 400 })
      yield bytesOf([{ at: 0, text: 'all' }], undefined)
    },
  }
  const texts: string[] = []
  const { signal } = new AbortController()
  const given = { source, pod, container: 'main', ended: AbortSignal.abort(), signal, timing }
  const reading = (async () => {
    for await (const { text } of followLog(given)) texts.push(text)
  })()
  await timing.run(3_600_000)
  await reading
  expect(texts).toEqual(['all'])
})

test('a stream that is begun again is asked for from a second before the last line', async () => {
  const log = [0, 1.5, 3.2, 3.7].map((s) => ({ at: s * 1e9, text: `at ${s}` }))
  const { asked } = await followed(log, [{ at: 1, how: 'end' }])
  expect(asked.map(({ follow, sinceTime }) => [follow, sinceTime])).toEqual([
    [true, undefined],
    [false, '2026-11-27T06:00:02Z'],
  ])
})

test('what a container left without an end comes when it has ended, and not before', async () => {
  async function* left(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`${stamp(5)} whole\n${stamp(6)} half`)
  }
  const lines: unknown[] = []
  for await (const { text, isWhole } of logLines(left())) lines.push([text, isWhole])
  expect(lines).toEqual([
    ['whole', true],
    ['half', false],
  ])
  let streams = 0
  const { ended, begun } = endedAfter(2)
  const timing = new VirtualTime(sockets, new Random(1))
  const { signal } = new AbortController()
  const source = { readLog: () => ((streams = begun() + 1), left()) }
  const texts: string[] = []
  const reading = (async () => {
    for await (const { text } of followLog({ source, pod, container: 'main', ended, signal, timing }))
      texts.push(`${streams}: ${text}`)
  })()
  await timing.run(60_000)
  await reading
  expect(texts).toEqual(['1: whole', '3: half'])
})

test('a pod that is gone, and a log that cannot be read to its end, are told', async () => {
  const timing = new VirtualTime(sockets, new Random(1))
  const { signal } = new AbortController()
  const failing = (code: 'not_found' | 'invalid', isOver: boolean, words = 'no') => {
    let n = 0
    async function* none(): AsyncGenerator<Uint8Array> {
      n++
      yield await Promise.reject<Uint8Array>(new ClusterError(code, words, { status: 400 }))
    }
    const lines = followLog({
      source: { readLog: none },
      pod,
      container: 'main',
      ended: isOver ? AbortSignal.abort() : new AbortController().signal,
      signal,
      timing,
    })
    return lines.next().then(
      () => 'a line',
      (error: ClusterError) => `${error.code} after ${n}`,
    )
  }
  const evicted = 'container "main" in pod "p" is terminated'
  const told = Promise.all([
    failing('not_found', false),
    failing('invalid', true),
    failing('invalid', true, evicted),
  ])
  await timing.run(600_000)
  expect(await told).toEqual(['not_found after 1', 'invalid after 5', 'invalid after 1'])
})

test('a kubelet that has taken a container away says so in the place of its log', async () => {
  async function* gone(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(Buffer.from('unable to retrieve container logs for containerd://0123'))
  }
  await expect(logLines(gone()).next()).rejects.toMatchObject({ code: 'not_found' })
})

test('a cursor that has had what is stored goes on after it', () => {
  const cursor = new LogCursor()
  const line = (ns: number, text: string) => ({ at: BigInt(ns), text, isWhole: true })
  for (const one of [line(1, 'a'), line(1, 'a'), line(2_000_000_000, 'b')])
    expect(cursor.take(one)).toBe(true)
  cursor.begin()
  expect(cursor.sinceTime).toBe('1970-01-01T00:00:01Z')
  expect([line(2_000_000_000, 'b'), line(2_000_000_000, 'b')].map((one) => cursor.take(one))).toEqual([
    false,
    true,
  ])
})

test.each([
  ['2026-11-27T06:00:00.1Z', 1_795_759_200_100_000_000n],
  ['2026-11-27T07:00:00.000000001+01:00', 1_795_759_200_000_000_001n],
  ['2026-11-27T06:00:00Z', 1_795_759_200_000_000_000n],
  ['yesterday', null],
  ['2026-13-27T06:00:00Z', null],
])('the time of a line, %s', (text, ns) => expect(timeOf(text)).toBe(ns))
