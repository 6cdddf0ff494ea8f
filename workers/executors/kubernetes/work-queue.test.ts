import { afterAll, expect, test } from 'vitest'
import { Random } from '#workers/simulation/random.ts'
import { ClusterError } from './cluster-error.ts'
import { Sockets, VirtualTime } from './testing/virtual-time.ts'
import { pause } from './timing.ts'
import { WorkQueue, type Again } from './work-queue.ts'

const sockets = new Sockets()
afterAll(() => sockets.close())
const { signal } = new AbortController()

interface Seen {
  timing: VirtualTime
  queue: WorkQueue
  /** `KEY@ms` of each begin. */
  begun: string[]
  faults: string[]
}

function queueOf(work: (key: string, timing: VirtualTime) => Promise<Again>, workers = 16, seed = 1): Seen {
  const timing = new VirtualTime(sockets, new Random(seed))
  const [begun, faults]: [string[], string[]] = [[], []]
  const queue = new WorkQueue({
    work: (key) => {
      begun.push(`${key}@${Math.round(timing.elapsed())}`)
      return work(key, timing)
    },
    onFault: (key, error) => {
      faults.push(`${key}: ${String(error)}`)
      throw new Error('whoever is told has a fault, too')
    },
    timing,
    settings: { workers },
  })
  return { timing, queue, begun, faults }
}

const done = () => Promise.resolve(null)

test('a key that is put in often is worked on once', async () => {
  const { timing, queue, begun } = queueOf(async (_, time) => {
    await pause(time, 10, signal)
    return null
  }, 1)
  for (const key of ['a', 'b', 'b', 'b', 'c', 'b']) queue.add(key)
  await timing.run(1000)
  expect(begun).toEqual(['a@0', 'b@10', 'c@20'])
})

test('what is put in while it is worked on is worked on once more, and never by two at once', async () => {
  const now = new Map<string, number>()
  let most = 0
  const { timing, queue, begun } = queueOf(async (key, time) => {
    now.set(key, (now.get(key) ?? 0) + 1)
    most = Math.max(most, ...now.values())
    await pause(time, 100, signal)
    now.set(key, (now.get(key) ?? 0) - 1)
    return null
  })
  queue.add('a')
  timing.after(30, () => queue.add('a'))
  timing.after(60, () => queue.add('a'))
  timing.after(60, () => queue.add('b'))
  await timing.run(1000)
  expect(begun).toEqual(['a@0', 'b@60', 'a@100'])
  expect(most).toBe(1)
})

test('no more than so many are worked on at once, and each has its turn', async () => {
  let [now, most] = [0, 0]
  const { timing, queue, begun } = queueOf(async (_, time) => {
    most = Math.max(most, ++now)
    await pause(time, 10, signal)
    now--
    return null
  }, 3)
  for (let n = 0; n < 20; n++) queue.add(`k${n}`)
  expect(queue.waiting).toBe(17)
  await timing.run(1000)
  expect(most).toBe(3)
  expect(begun.map((one) => one.split('@')[0])).toEqual(Array.from({ length: 20 }, (_, n) => `k${n}`))
})

test('work may ask to be done again later; whatever comes earlier counts', async () => {
  let n = 0
  const { timing, queue, begun } = queueOf(() => Promise.resolve(n++ === 0 ? { againMs: 500 } : null))
  queue.add('a')
  timing.after(200, () => queue.addLater('a', 1000))
  timing.after(300, () => queue.addLater('a', 50))
  await timing.run(5000)
  expect(begun).toEqual(['a@0', 'a@350'])
})

test('a key that fails comes back, each time after a longer while of chance, and no other waits for it', async () => {
  const { timing, queue, begun, faults } = queueOf((key) =>
    key === 'bad' ? Promise.reject(new Error('no')) : done(),
  )
  queue.add('bad')
  timing.after(1000, () => queue.add('good'))
  await timing.run(600_000)
  const times = begun.filter((one) => one.startsWith('bad')).map((one) => Number(one.split('@')[1]))
  const gaps = times.slice(1).map((at, i) => at - (times[i] ?? 0))
  expect(gaps[0]).toBeGreaterThanOrEqual(250)
  expect(gaps[0]).toBeLessThanOrEqual(500)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(60_000)
  expect(gaps.slice(-5).every((gap) => gap >= 30_000)).toBe(true)
  expect(begun).toContain('good@1000')
  expect(faults.length).toBe(times.length)
})

test('a key that fails and is put in meanwhile does not go round without a pause', async () => {
  const { timing, queue, begun } = queueOf(async (key, time) => {
    await pause(time, 1, signal)
    throw new Error(key)
  })
  queue.add('a')
  // While the first work on it goes on.
  timing.after(0.5, () => queue.add('a'))
  await timing.run(200)
  expect(begun).toEqual(['a@0'])
})

test('a server that asks for time has it', async () => {
  let n = 0
  const { timing, queue, begun } = queueOf(() =>
    n++ === 0 ? Promise.reject(new ClusterError('throttled', 'later', { retryAfterMs: 7000 })) : done(),
  )
  queue.add('a')
  await timing.run(60_000)
  expect(begun).toEqual(['a@0', 'a@7000'])
})

test('it stops when what it works on has ended, and begins nothing more', async () => {
  const { timing, queue, begun } = queueOf(async (_, time) => {
    await pause(time, 100, signal)
    return { againMs: 10 }
  }, 1)
  queue.add('a')
  queue.add('b')
  queue.addLater('c', 50)
  let stopped = false
  timing.after(20, () => void queue.stop().then(() => (stopped = true)))
  await timing.run(90)
  expect(stopped).toBe(false)
  await timing.run(1000)
  expect(stopped).toBe(true)
  queue.add('d')
  await timing.run(2000)
  expect(begun).toEqual(['a@0'])
})
