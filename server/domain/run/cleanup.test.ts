import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { admitted, attempt, ended, plannedTask, send, states } from './testing.ts'

const last = { finally: true }
const cancel = { kind: 'cancel_requested', forced: false } as const
const fails = ended('failed', 'user_error')

test('`finally` tasks start when all others are over, whatever happened, and their failure fails the run', () => {
  const run = admitted([
    plannedTask('a', []),
    plannedTask('b', ['a']),
    plannedTask('tell', ['a'], last),
    plannedTask('tidy', ['tell'], last),
  ])
  expect(states(run)).toMatchObject({ tell: 'waiting', tidy: 'waiting' })
  attempt(run, 'a', fails)
  expect(states(run)).toEqual({ a: 'failed', b: 'upstream_failed', tell: 'queued', tidy: 'waiting' })
  attempt(run, 'tell', ended('succeeded'))
  expect(attempt(run, 'tidy', fails).run).toEqual({ from: 'running', to: 'failed', reason: 'task_failed' })
})

test('a run of `finally` tasks alone ends', () => {
  const run = admitted([plannedTask('a', [], last)])
  expect(attempt(run, 'a', ended('succeeded')).run?.to).toBe('succeeded')
})

const pair = () => [
  plannedTask('make', [], { setup_for: ['work'] }),
  plannedTask('work', ['make'], { trigger_rule: 'all_done' }),
  plannedTask('more', ['work']),
  plannedTask('undo', ['work'], { teardown_for: ['make'], between: ['more'] }),
]

test('a teardown runs when its set-up succeeded and everything between is over', () => {
  const run = admitted(pair())
  attempt(run, 'make', ended('succeeded'))
  attempt(run, 'work', fails)
  expect(states(run)).toMatchObject({ more: 'upstream_failed', undo: 'queued' })
})

test('what a set-up is for does not start without it, whatever its rule', () => {
  const run = admitted(pair())
  const end = attempt(run, 'make', fails)
  expect(states(run)).toEqual({
    make: 'failed',
    work: 'upstream_failed',
    more: 'upstream_failed',
    undo: 'upstream_failed',
  })
  expect(end.run?.to).toBe('failed')
})

test('[R17] a cancel ends ordinary tasks, then undoes what was set up, then runs what is last', () => {
  const run = admitted([...pair(), plannedTask('bye', [], last)])
  attempt(run, 'make', ended('succeeded'))
  send(run, { kind: 'claimed', node: 1, item: 0 })
  expect(send(run, cancel, 1000).actions).toEqual([{ kind: 'end_attempt', node: 1, item: 0 }])
  expect(run.dueAt).toBe(601_000)
  expect(decide(run, { kind: 'gate_passed', node: 1, item: 0 }, 0).kind).toBe('refused')
  send(run, { kind: 'attempt_ended', node: 1, item: 0, outcome: ended('cancelled'), random: 0 })
  expect(states(run)).toMatchObject({ work: 'cancelled', more: 'cancelled', undo: 'queued', bye: 'waiting' })
  attempt(run, 'undo', ended('succeeded'))
  expect(attempt(run, 'bye', fails).run).toEqual({
    from: 'running',
    to: 'cancelled',
    reason: 'cancel_requested',
  })
})

test('a teardown whose set-up never succeeded is cancelled with its run', () => {
  const run = admitted(pair())
  expect(send(run, cancel).run?.to).toBe('cancelled')
  expect(states(run)).toMatchObject({ undo: 'cancelled' })
})

test('a second cancel, and the end of the time for clean-up, leave the clean-up out', () => {
  for (const event of [{ ...cancel, forced: true }, { kind: 'run_due' } as const]) {
    const run = admitted([plannedTask('a', []), plannedTask('bye', [], last)])
    send(run, cancel)
    expect(states(run)).toEqual({ a: 'cancelled', bye: 'queued' })
    expect(decide(run, cancel, 0).kind).toBe('refused')
    expect(send(run, event).run?.to).toBe('cancelled')
    expect(states(run)).toEqual({ a: 'cancelled', bye: 'cancelled' })
  }
})

test('a run that took too long cleans up, and ends failed', () => {
  const run = admitted([plannedTask('a', []), plannedTask('bye', [], last)])
  send(run, { kind: 'run_due' })
  expect(attempt(run, 'bye', ended('succeeded')).run).toEqual({
    from: 'running',
    to: 'failed',
    reason: 'timeout',
  })
})
