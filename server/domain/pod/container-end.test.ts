import { expect, test } from 'vitest'
import type { Reason } from '../run/states.ts'
import { exitOf } from './container-end.ts'

const exit = (reason: Reason | null, exitCode: number | null, isEnded = false) => {
  const { exitCode: code, signal } = exitOf({ reason, exitCode, container: 'main' }, isEnded)
  return [code, signal]
}

test('137 and 143 are signals where something is known to have sent one, and else what a program chose', () => {
  expect(exit('killed', 137)).toEqual([null, 'SIGKILL'])
  expect(exit('oom', 137)).toEqual([null, 'SIGKILL'])
  expect(exit('timeout', 137, true)).toEqual([null, 'SIGKILL'])
  expect(exit('timeout', 143, true)).toEqual([null, 'SIGTERM'])
  expect(exit('cancel_requested', 143, true)).toEqual([null, 'SIGTERM'])
  expect(exit('user_error', 143)).toEqual([143, null])
})

test('what ended with a code of its own keeps it, also where it was ended, or a child was killed for memory', () => {
  expect(exit('timeout', 3, true)).toEqual([3, null])
  expect(exit('oom', 3)).toEqual([3, null])
  expect(exit('missing_output', 0)).toEqual([0, null])
  expect(exit('node_lost', null)).toEqual([null, null])
})

test('the code of a container of ours is none of the task’s', () => {
  const code = (container: string, reason: Reason, isEnded = false) =>
    exitOf({ reason, exitCode: 137, container }, isEnded)
  expect(code('gate', 'infrastructure_unknown')).toEqual({ exitCode: null, signal: null })
  expect(code('outputs', 'storage')).toEqual({ exitCode: 0, signal: null })
  expect(code('outputs', 'cancel_requested', true)).toEqual({ exitCode: null, signal: null })
})

test('what could not be started has no code: the number is of its runtime', () => {
  expect(exit('bad_config', 128)).toEqual([null, null])
  expect(exit('infrastructure_unknown', 127)).toEqual([null, null])
  expect(exit('user_error', 127)).toEqual([127, null])
})
