import { expect, test } from 'vitest'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { ganttOf } from './gantt.ts'

const second = (n: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString()

const attempt = (n: number, created: number, started: number | null, ended: number | null) =>
  ({
    id: `attempt ${n}`,
    n,
    state: ended === null ? 'running' : 'succeeded',
    createdAt: second(created),
    startedAt: started === null ? null : second(started),
    endedAt: ended === null ? null : second(ended),
  }) as TaskRunView['attempts'][number]

const taskRun = (
  task: string,
  key: string | null,
  queued: number,
  attempts: TaskRunView['attempts'],
): TaskRunView => ({
  task,
  key,
  index: 0,
  state: 'succeeded',
  reason: null,
  message: null,
  dueAt: null,
  whyNotRunning: null,
  reusedFrom: null,
  answer: null,
  queuedAt: second(queued),
  startedAt: attempts[0]?.startedAt ?? null,
  endedAt: attempts.at(-1)?.endedAt ?? null,
  attempts,
})

const run = (taskRuns: TaskRunView[]) =>
  ({ startedAt: second(10), createdAt: second(9), taskRuns }) as unknown as RunDetail

const none = new Set<string>()

test('a task run is queued until its attempt is made, starts until it runs, runs until it ends', () => {
  const { rows, length } = ganttOf(run([taskRun('a', null, 10, [attempt(1, 12, 13, 20)])]), none, 0)
  expect(rows[0]?.bars.map(({ kind, from, to }) => [kind, from, to])).toEqual([
    ['queued', 0, 2000],
    ['starting', 2000, 3000],
    ['running', 3000, 10_000],
  ])
  expect([rows[0]?.length, length]).toEqual([7000, 10_000])
})

test('a clock that is behind the news makes no time negative', () => {
  const given = run([taskRun('a', null, 10, [attempt(1, 11, 14, null)])])
  const { rows, length } = ganttOf(given, none, Date.parse(second(12)))
  expect([rows[0]?.length, length]).toEqual([0, 4000])
  expect(rows[0]?.bars.every((bar) => bar.to >= bar.from)).toBe(true)
})

test('each attempt has its bars; one that has not ended goes on until now', () => {
  const given = run([taskRun('a', null, 10, [attempt(1, 10, 11, 12), attempt(2, 14, 15, null)])])
  const { rows } = ganttOf(given, none, Date.parse(second(30)))
  expect(rows[0]?.bars.filter((bar) => bar.kind === 'running').map((bar) => [bar.from, bar.to])).toEqual([
    [1000, 2000],
    [5000, 20_000],
  ])
  // What it took is counted from its first start, as everywhere.
  expect(rows[0]).toMatchObject({ attempts: 2, length: 19_000 })
})

test('a task of a few items shows them; one of many folds to a row with counts, and opens', () => {
  const items = (n: number) =>
    run(Array.from({ length: n }, (_, i) => taskRun('a', `x=${i}`, 10, [attempt(1, 11, 12, 13 + i)])))
  expect(ganttOf(items(3), none, 0).rows.map((row) => row.key)).toEqual(['x=0', 'x=1', 'x=2'])
  const folded = ganttOf(items(100), none, 0).rows
  expect(folded).toHaveLength(1)
  expect(folded[0]).toMatchObject({ items: { total: 100, done: 100, open: false }, length: 100_000 })
  expect(ganttOf(items(100), new Set(['a']), 0).rows).toHaveLength(101)
})
