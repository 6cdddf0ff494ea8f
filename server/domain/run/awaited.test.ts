import { expect, test } from 'vitest'
import { awaitedRunSchema } from '../dag/spec.ts'
import { judgeAwaited } from './awaited.ts'
import type { RunState } from './states.ts'

const judge = (lists: object, ...newestFirst: RunState[]) => {
  const awaited = awaitedRunSchema.parse({ kind: 'run', dag: 'r/o', ...lists })
  const runs = newestFirst.map((state, at) => ({ number: newestFirst.length - at, state }))
  const answer = judgeAwaited(awaited, runs)
  return typeof answer === 'object' && 'ends' in answer ? answer.ends : answer
}
const lists = { failed_states: ['failed'], skipped_states: ['cancelled'] }

test.each<[string, object, RunState[], string]>([
  ['nothing is there', lists, [], 'not_yet'],
  ['it has not ended', lists, ['running'], 'not_yet'],
  ['it succeeded', {}, ['succeeded'], 'over'],
  ['one succeeded, and a later one did not', lists, ['failed', 'succeeded'], 'over'],
  ['by default a failure is waited through', {}, ['failed'], 'not_yet'],
  ['by default a cancelled one is waited through', {}, ['cancelled'], 'not_yet'],
  ['a failure that fails it', lists, ['failed'], 'failed'],
  ['a cancelled one that skips it', lists, ['cancelled'], 'skipped'],
  ['the newest runs again', lists, ['running', 'failed'], 'not_yet'],
  ['the newest tells, whatever those before did', lists, ['cancelled', 'failed'], 'skipped'],
  ['any end', { allowed_states: ['succeeded', 'failed', 'cancelled'] }, ['cancelled'], 'over'],
])('a wait for the run of another DAG: %s', (_, said, runs, is) => {
  expect(judge(said, ...runs)).toBe(is)
})

test('what ends a wait otherwise says which run it was', () => {
  const awaited = awaitedRunSchema.parse({ kind: 'run', dag: 'r/o', ...lists })
  expect(judgeAwaited(awaited, [{ number: 4, state: 'failed' }])).toEqual({
    ends: 'failed',
    message: 'Run 4 of r/o, of the same logical date, is failed.',
  })
})
