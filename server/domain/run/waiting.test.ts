import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { itemAt, type Machine } from './machine.ts'
import { admitted, attempt, conditional, ended, plannedTask, send, states } from './testing.ts'

const at = { node: 0, item: 0 }
const bound = { timeout: 5000, on_timeout: 'fail' as const }
const approve = { action: { kind: 'approve', message: null, form: {}, ...bound } } as const
const wait = { action: { kind: 'wait', for: { kind: 'duration', ms: 3000 }, ...bound } } as const
const poll = { poll: { every: 1000, timeout: 2500, not_ready_exit_codes: [75] } }
const map = {
  map: { over: { kind: 'expression', source: 'x', scope: '' }, key: null, max_parallel: 2 },
} as const
const held = (run: Machine, now: number) => send(run, { kind: 'condition', result: 'not_yet', ...at }, now)
const notReady = ended('failed', 'user_error', { exitCode: 75 })

test('an approval waits for its answer: yes succeeds, no fails', () => {
  for (const [yes, state] of [
    [true, 'succeeded'],
    [false, 'failed'],
  ] as const) {
    const run = admitted([plannedTask('a', [], approve)])
    expect(states(run)).toEqual({ a: 'awaiting_input' })
    send(run, { kind: 'answered', yes, ...at })
    expect(states(run)).toEqual({ a: state })
    expect(decide(run, { kind: 'answered', yes: true, ...at }, 0).kind).toBe('refused')
  }
})

test('an approval that nobody answers ends as it says', () => {
  for (const [on_timeout, state] of [
    ['fail', 'failed'],
    ['skip', 'skipped'],
  ] as const) {
    const run = admitted([plannedTask('a', [], { action: { ...approve.action, on_timeout } })])
    expect(itemAt(run, 0, 0).dueAt).toBe(5000)
    send(run, { kind: 'due', ...at }, 5000)
    expect(itemAt(run, 0, 0)).toMatchObject({ state, reason: 'wait_timeout' })
  }
})

test('a wait holds nothing, looks again when it is told to, and ends in time', () => {
  const run = admitted([plannedTask('a', [], wait)])
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'waiting', readyAt: null })
  send(run, { kind: 'wait_told', result: { at: 3000 }, ...at })
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'waiting', readyAt: 0, dueAt: 3000 })
  expect(send(run, { kind: 'due', ...at }, 3000).actions).toEqual([{ kind: 'ask', what: 'wait', ...at }])
  expect(send(run, { kind: 'wait_told', result: { at: 3000 }, ...at }, 3000).run?.to).toBe('succeeded')

  const late = admitted([plannedTask('a', [], wait)])
  send(late, { kind: 'wait_told', result: 'not_yet', ...at })
  expect(itemAt(late, 0, 0).dueAt).toBe(5000)
  send(late, { kind: 'due', ...at }, 5000)
  expect(itemAt(late, 0, 0)).toMatchObject({ state: 'failed', reason: 'wait_timeout' })
})

test('a poll looks again without a retry, until it is ready or out of time', () => {
  const run = admitted([plannedTask('a', [], poll)])
  for (const now of [0, 1000]) {
    attempt(run, 'a', notReady, 0, now)
    expect(itemAt(run, 0, 0)).toMatchObject({
      state: 'waiting',
      dueAt: Math.min(now + 1000, 2500),
      userFailures: 0,
    })
    send(run, { kind: 'due', ...at }, now + 1000)
  }
  attempt(run, 'a', notReady, 0, 2000)
  expect(itemAt(run, 0, 0).dueAt).toBe(2500)
  send(run, { kind: 'due', ...at }, 2500)
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'failed', reason: 'wait_timeout' })

  const ready = admitted([plannedTask('a', [], poll)])
  attempt(ready, 'a', notReady)
  send(ready, { kind: 'due', ...at }, 1000)
  expect(attempt(ready, 'a', ended('succeeded')).run?.to).toBe('succeeded')
})

test('exit codes: some skip, some are not tried again; `retry_if` has the last word', () => {
  const policy = { retries: 3, skip_exit_codes: [99], fail_exit_codes: [2] }
  const end = (exitCode: number, retry: boolean | { error: string } = true) => {
    const run = admitted([plannedTask('a', [], policy)])
    attempt(run, 'a', ended('failed', 'user_error', { exitCode, retry }))
    const { state, reason } = itemAt(run, 0, 0)
    return `${state} ${reason}`
  }
  expect(end(99)).toBe('skipped skip_exit_code')
  expect(end(2)).toBe('failed user_error')
  expect(end(1)).toBe('retrying user_error')
  expect(end(1, false)).toBe('failed user_error')
  expect(end(1, { error: 'no such name' })).toBe('failed expression_error')
})

test('the deadline counts over all attempts, also while it waits for the next one', () => {
  const run = admitted([plannedTask('a', [], { retries: 9, retry_delay: 400, deadline: 1000 })])
  attempt(run, 'a', ended('failed', 'user_error'), 0, 300)
  send(run, { kind: 'due', ...at }, 700)
  attempt(run, 'a', ended('failed', 'user_error'), 0, 800)
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'retrying', dueAt: 1000 })
  send(run, { kind: 'due', ...at }, 1000)
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'failed', reason: 'deadline' })

  const slow = admitted([plannedTask('a', [], { retries: 9, deadline: 1000 })])
  attempt(slow, 'a', ended('failed', 'timeout'), 0, 1000)
  expect(itemAt(slow, 0, 0)).toMatchObject({ state: 'failed', reason: 'deadline' })
})

test('[R7] what nobody takes out of the queue fails, and a run that gets no place is cancelled', () => {
  const run = admitted([plannedTask('a', [], { queue_timeout: 1000 })])
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'queued', dueAt: 1000 })
  send(run, { kind: 'due', ...at }, 1000)
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'failed', reason: 'queue_timeout' })
})

test('a condition that cannot be told yet is asked again', () => {
  const run = admitted([plannedTask('a', [], { depends_on_past: true })])
  send(run, { kind: 'condition', result: 'not_yet', ...at }, 50)
  expect(itemAt(run, 0, 0)).toMatchObject({ state: 'waiting', dueAt: 10_050 })
  expect(send(run, { kind: 'due', ...at }, 10_050).actions).toEqual([
    { kind: 'ask', what: 'condition', ...at },
  ])
})

test('[R7] what the run before holds back is given up when that takes as long as it may be queued', () => {
  for (const more of [{}, wait, approve, map]) {
    const past = { depends_on_past: true, queue_timeout: 15_000, deadline: 1000 }
    const run = admitted([plannedTask('a', [], { ...past, ...more })])
    held(run, 50)
    held(run, 10_050)
    expect(itemAt(run, 0, 0)).toMatchObject({ state: 'waiting', heldAt: 50, dueAt: 15_050 })
    expect(send(run, { kind: 'due', ...at }, 15_050).actions).toMatchObject([{ what: 'condition' }])
    held(run, 15_050)
    expect(itemAt(run, 0, 0)).toMatchObject({ state: 'failed', reason: 'queue_timeout' })
  }
  const late = admitted([
    plannedTask('a', [], { depends_on_past: true, queue_timeout: 15_000, deadline: 1000 }),
  ])
  held(late, 50)
  send(late, { kind: 'condition', result: 'true', ...at }, 20_000)
  expect(itemAt(late, 0, 0), 'its time begins when it may go on').toMatchObject({
    state: 'queued',
    heldAt: null,
    readyAt: 20_000,
    dueAt: 21_000,
  })
})

test('a map is expanded when its rule holds, folds, and lets no more items run than it says', () => {
  const run = admitted([plannedTask('m', [], map), plannedTask('z', ['m'])])
  expect(states(run)).toEqual({ m: 'waiting', z: 'waiting' })
  send(run, { kind: 'expanded', node: 0, item: 0, result: ['x', 'y', 'z'] })
  expect(decide(run, { kind: 'expanded', node: 0, item: 0, result: ['q'] }, 0).kind).toBe('refused')
  expect(states(run)).toEqual({ 'm[x]': 'queued', 'm[y]': 'queued', 'm[z]': 'queued', z: 'waiting' })
  send(run, { kind: 'claimed', node: 0, item: 0 })
  send(run, { kind: 'claimed', node: 0, item: 1 })
  expect(decide(run, { kind: 'claimed', node: 0, item: 2 }, 0).kind).toBe('refused')
  for (const item of [0, 1])
    send(run, { kind: 'attempt_ended', node: 0, item, outcome: ended('succeeded'), random: 0 })
  attempt(run, 'm', ended('succeeded'), 2)
  expect(attempt(run, 'z', ended('succeeded')).run?.to).toBe('succeeded')
})

test('a map over nothing is skipped, and its condition is asked before it, or for each item', () => {
  const empty = admitted([plannedTask('m', [], map), plannedTask('z', ['m'])])
  send(empty, { kind: 'expanded', node: 0, item: 0, result: [] })
  expect(itemAt(empty, 0, 0)).toMatchObject({ state: 'skipped', reason: 'no_items' })

  const first = admitted([plannedTask('m', [], { ...map, ...conditional })])
  expect(send(first, { kind: 'condition', result: 'true', ...at }).actions).toEqual([
    { kind: 'ask', what: 'items', ...at },
  ])
  const each = admitted([
    plannedTask('m', [], { ...map, if: [{ scope: '', expression: 'x', per_item: true }] }),
  ])
  send(each, { kind: 'expanded', node: 0, item: 0, result: ['x', 'y'] })
  send(each, { kind: 'condition', result: { skip: 'condition_false' }, node: 0, item: 1 })
  expect(states(each)).toEqual({ 'm[x]': 'waiting', 'm[y]': 'skipped' })
})

test('a mark ends what has not ended, also while it runs', () => {
  const run = admitted([plannedTask('a', []), plannedTask('b', ['a'])])
  send(run, { kind: 'claimed', ...at })
  const { actions } = send(run, { kind: 'marked', as: 'succeeded', message: 'checked by hand', ...at })
  expect(actions).toEqual([{ kind: 'end_attempt', ...at }])
  expect(states(run)).toEqual({ a: 'succeeded', b: 'queued' })
  expect(decide(run, { kind: 'marked', as: 'failed', message: '', ...at }, 0).kind).toBe('refused')
})

test('a mark moves an item whatever it waits for, and ends what runs of it', () => {
  const before: Record<string, (run: Machine) => void> = {
    queued: () => {},
    starting: (run) => send(run, { kind: 'claimed', ...at }),
    running: (run) => {
      send(run, { kind: 'claimed', ...at })
      send(run, { kind: 'gate_passed', ...at })
    },
    retrying: (run) => attempt(run, 'a', ended('failed', 'user_error')),
  }
  for (const [state, arrive] of Object.entries(before))
    for (const as of ['succeeded', 'failed', 'skipped'] as const) {
      const run = admitted([plannedTask('a', [], { retries: 1 })])
      arrive(run)
      expect(states(run)).toEqual({ a: state })
      const { actions } = send(run, { kind: 'marked', as, message: 'by hand', ...at })
      expect(states(run)).toEqual({ a: as })
      expect(actions.map(({ kind }) => kind)).toEqual(
        ['starting', 'running'].includes(state) ? ['end_attempt'] : [],
      )
    }
})
