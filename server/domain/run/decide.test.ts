import { expect, test } from 'vitest'
import { decide } from './decide.ts'
import { admitted, attempt, conditional, ended, items, plannedTask, send, states } from './testing.ts'

test('a failed middle is never hidden by a green clean-up', () => {
  const run = admitted([
    plannedTask('a', []),
    plannedTask('b', ['a']),
    plannedTask('clean', ['b'], { trigger_rule: 'all_done' }),
  ])
  attempt(run, 'a', ended('failed', 'user_error'))
  const last = attempt(run, 'clean', ended('succeeded'))
  expect(states(run)).toEqual({ a: 'failed', b: 'upstream_failed', clean: 'succeeded' })
  expect(last.run).toEqual({ from: 'running', to: 'failed', reason: 'task_failed' })
})

test('a failure that is allowed does not fail the run', () => {
  const run = admitted([plannedTask('a', [], { allow_failure: true })])
  expect(attempt(run, 'a', ended('failed', 'user_error')).run?.to).toBe('succeeded')
})

test('retries wait for delay × factor, up to their cap, and then fail', () => {
  const run = admitted([
    plannedTask('a', [], {
      retries: 3,
      retry_delay: 1000,
      retry_backoff: { factor: 3, max: 5000, jitter: 0 },
    }),
  ])
  for (const delay of [1000, 3000, 5000]) {
    const { items: changes } = attempt(run, 'a', ended('failed', 'user_error'), 0, 100)
    expect(changes[0]?.to).toMatchObject({ state: 'retrying', dueAt: 100 + delay })
    send(run, { kind: 'due', node: 0, item: 0 })
  }
  expect(attempt(run, 'a', ended('failed', 'user_error')).run?.to).toBe('failed')
})

test('what the infrastructure lost uses its own budget, and a stop of the product none', () => {
  const run = admitted([plannedTask('a', [], { infrastructure_retries: 2 })])
  for (let i = 0; i < 10; i++) {
    attempt(run, 'a', ended('lost', 'worker_stopped'))
    send(run, { kind: 'due', node: 0, item: 0 })
  }
  for (let i = 0; i < 2; i++) {
    attempt(run, 'a', ended('lost', 'worker_lost'))
    send(run, { kind: 'due', node: 0, item: 0 })
  }
  const last = attempt(run, 'a', ended('lost', 'worker_lost'))
  expect(last.items[0]?.to).toMatchObject({
    state: 'failed',
    reason: 'worker_lost',
    userFailures: 0,
    infrastructureFailures: 3,
    attempts: 13,
  })
})

test('what cannot get better is not tried again', () => {
  const run = admitted([plannedTask('a', [], { retries: 5 })])
  expect(attempt(run, 'a', ended('failed', 'bad_config')).run?.to).toBe('failed')
})

test('a condition is asked for when the rule holds; false skips, an error fails', () => {
  const when = conditional
  const run = admitted([plannedTask('a', [], when), plannedTask('b', ['a']), plannedTask('c', [], when)])
  send(run, { kind: 'condition', node: 0, item: 0, result: { skip: 'condition_false' } })
  const last = send(run, { kind: 'condition', node: 2, item: 0, result: { error: 'no such key' } })
  expect(states(run)).toEqual({ a: 'skipped', b: 'skipped', c: 'failed' })
  expect(last.items[0]?.to).toMatchObject({ reason: 'expression_error', message: 'no such key' })
})

test('an expanded task is over when all its items are, and folds', () => {
  const run = admitted([
    plannedTask('m', [], { matrix: items('k=1', 'k=2') }),
    plannedTask('b', ['m'], { trigger_rule: 'one_failed' }),
  ])
  attempt(run, 'm', ended('failed', 'user_error'), 0)
  expect(states(run)['b']).toBe('waiting')
  attempt(run, 'm', ended('succeeded'), 1)
  expect(states(run)['b']).toBe('queued')
})

test('inside a component under a matrix an item waits for the equal item only', () => {
  const under = { matrix: items('k=1', 'k=2'), joined: 'c' }
  const run = admitted([
    plannedTask('c.a', [], under),
    plannedTask('c.b', ['c.a'], under),
    plannedTask('d', ['c.b']),
  ])
  attempt(run, 'c.a', ended('succeeded'), 1)
  expect(states(run)).toMatchObject({ 'c.b[k=1]': 'waiting', 'c.b[k=2]': 'queued', d: 'waiting' })
  attempt(run, 'c.a', ended('failed', 'user_error'), 0)
  attempt(run, 'c.b', ended('succeeded'), 1)
  expect(states(run)).toMatchObject({ 'c.b[k=1]': 'upstream_failed', d: 'upstream_failed' })
})

test('a matrix within a cell folds there: what comes after it in the cell waits for those items alone', () => {
  const cells = { matrix: items('k=1', 'k=2'), joined: 'c' }
  const run = admitted([
    plannedTask('c.a', [], cells),
    plannedTask('c.b', ['c.a'], {
      matrix: items('k=1,w=1', 'k=1,w=2', 'k=2,w=1', 'k=2,w=2'),
      joined: 'c',
      joins: [{ group: 'c', keys: ['k=1', 'k=1', 'k=2', 'k=2'] }],
    }),
    plannedTask('c.z', ['c.b'], cells),
  ])
  attempt(run, 'c.a', ended('succeeded'), 1)
  expect(states(run)).toMatchObject({
    'c.b[k=1,w=1]': 'waiting',
    'c.b[k=2,w=1]': 'queued',
    'c.b[k=2,w=2]': 'queued',
  })
  attempt(run, 'c.b', ended('succeeded'), 2)
  expect(states(run)).toMatchObject({ 'c.z[k=2]': 'waiting' })
  attempt(run, 'c.b', ended('succeeded'), 3)
  expect(states(run)).toMatchObject({ 'c.z[k=1]': 'waiting', 'c.z[k=2]': 'queued' })
  attempt(run, 'c.a', ended('succeeded'), 0)
  attempt(run, 'c.b', ended('failed', 'user_error'), 0)
  attempt(run, 'c.b', ended('succeeded'), 1)
  expect(states(run)).toMatchObject({ 'c.z[k=1]': 'upstream_failed', 'c.z[k=2]': 'queued' })
})

test('[R17] a cancel ends what waits at once, asks for the end of what runs, and lets nothing else start', () => {
  const run = admitted([
    plannedTask('a', []),
    plannedTask('b', []),
    plannedTask('c', ['a'], { trigger_rule: 'all_done' }),
  ])
  send(run, { kind: 'claimed', node: 0, item: 0 })
  const cancel = send(run, { kind: 'cancel_requested', forced: false })
  expect(cancel.actions).toEqual([{ kind: 'end_attempt', node: 0, item: 0 }])
  expect(states(run)).toEqual({ a: 'starting', b: 'cancelled', c: 'cancelled' })
  const last = send(run, {
    kind: 'attempt_ended',
    node: 0,
    item: 0,
    outcome: ended('failed', 'killed'),
    random: 0,
  })
  expect(last.run).toEqual({ from: 'running', to: 'cancelled', reason: 'cancel_requested' })
})

test('a run that took too long ends failed, reason timeout', () => {
  const run = admitted([plannedTask('a', [])])
  expect(send(run, { kind: 'run_due' }).run).toEqual({ from: 'running', to: 'failed', reason: 'timeout' })
})

test('[R3] an event that comes too late is refused and changes nothing', () => {
  const run = admitted([plannedTask('a', []), plannedTask('b', [])])
  attempt(run, 'a', ended('succeeded'))
  const before = structuredClone(run)
  for (const kind of ['claimed', 'gate_passed', 'due'] as const)
    expect(decide(run, { kind, node: 0, item: 0 }, 0).kind).toBe('refused')
  expect(
    decide(run, { kind: 'attempt_ended', node: 0, item: 0, outcome: ended('failed'), random: 0 }, 0).kind,
  ).toBe('refused')
  expect(run).toEqual(before)
})

test('a chain of 10,000 skips does not end the stack', () => {
  const chain = Array.from({ length: 10_000 }, (_, i) =>
    plannedTask(`t${i}`, i === 0 ? [] : [`t${i - 1}`], i === 0 ? conditional : {}),
  )
  const run = admitted(chain)
  expect(
    send(run, { kind: 'condition', node: 0, item: 0, result: { skip: 'condition_false' } }).run?.to,
  ).toBe('succeeded')
})

test('the end of one task costs its children, not the run: 10,000 tasks side by side', () => {
  const wide = [
    plannedTask('root', []),
    ...Array.from({ length: 10_000 }, (_, i) => plannedTask(`t${i}`, ['root'])),
    plannedTask(
      'last',
      Array.from({ length: 10_000 }, (_, i) => `t${i}`),
    ),
  ]
  const run = admitted(wide)
  attempt(run, 'root', ended('succeeded'))
  for (let i = 0; i < 10_000; i++) {
    const { items: changes } = attempt(run, `t${i}`, ended('succeeded'))
    expect(changes.length).toBeLessThanOrEqual(2)
  }
  expect(attempt(run, 'last', ended('succeeded')).run?.to).toBe('succeeded')
})
