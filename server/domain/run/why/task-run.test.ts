import { expect, test } from 'vitest'
import { awaitedRunSchema, type Task } from '../../dag/spec.ts'
import { itemAt, newMachine, type Machine } from '../machine.ts'
import { makePlan, type PlannedTask } from '../plan.ts'
import { admitted, attempt, conditional, ended, items, plannedTask, send } from '../testing.ts'
import { wordsOf } from './sentence.ts'
import { freeQueue } from './testing.ts'
import {
  shownStates,
  whyNothingRuns,
  whyTaskRunWaits,
  type OpenAttempt,
  type TaskRunFacts,
} from './task-run.ts'

/** What a task of a machine says; `task` adds what a plan does not know. */
function says(machine: Machine, id: string, more: Partial<TaskRunFacts> = {}, item = 0): string | null {
  const node = machine.plan.numbers.get(id) ?? -1
  const why = whyTaskRunWaits({
    machine,
    ref: { node, item },
    task: { id, action: { kind: 'command', command: ['x'] }, depends_on_past: false, start_timeout: null },
    now: 0,
    run: null,
    queue: freeQueue,
    shown: shownStates(machine),
    attempt: null,
    past: null,
    awaited: null,
    logicalDate: null,
    people: { team: 'main', names: ['Ines', 'Olav'], all: 2 },
    ...more,
  })
  return why === null ? null : wordsOf(why)
}

const waitFor = (from: Extract<Task['action'], { kind: 'wait' }>['for']) =>
  ({ kind: 'wait', for: from, timeout: 60_000, on_timeout: 'skip' }) as const
const approve = { kind: 'approve', message: null, form: {}, timeout: 60_000, on_timeout: 'fail' } as const
const two = [plannedTask('a', []), plannedTask('b', [])]
const ready = (more: Partial<PlannedTask>) => admitted([plannedTask('t', [], more)])

test('a task of a run that has not started says why that has not', () => {
  const machine = newMachine(makePlan(two))
  expect(says(machine, 'a', { run: ['It waits for its turn.'] })).toBe(
    'Its run has not started. It waits for its turn.',
  )
})

test('a task names the tasks that it waits for, with their states, and its rule', () => {
  const machine = admitted([
    ...two,
    plannedTask('c', ['a', 'b']),
    plannedTask('d', ['a', 'b'], { trigger_rule: 'all_done' }),
    plannedTask('m', [], { matrix: items('1', '2') }),
    plannedTask('e', ['m', 'c']),
  ])
  expect(says(machine, 'c')).toBe('It waits for a (queued) and b (queued).')
  expect(says(machine, 'd')).toBe('It waits for a (queued) and b (queued) (trigger rule all_done).')
  expect(says(machine, 'e')).toBe('It waits for m (1) (queued) and c (waiting).')
  attempt(machine, 'a', ended('succeeded'))
  send(machine, { kind: 'claimed', node: 1, item: 0 })
  expect(says(machine, 'c')).toBe('It waits for b (starting).')
  expect(says(machine, 'a')).toBeNull()
})

test('a task of a component’s matrix waits for the same item; clean-up and `finally` say what for', () => {
  const machine = admitted([
    plannedTask('x.a', [], { matrix: items('1', '2'), joined: 'x' }),
    plannedTask('x.b', ['x.a'], { matrix: items('1', '2'), joined: 'x' }),
    plannedTask('up', [], { setup_for: ['x.a'] }),
    plannedTask('down', ['x.b'], { teardown_for: ['up'] }),
    plannedTask('last', [], { finally: true }),
  ])
  expect(says(machine, 'x.a')).toBe('It waits for up (queued).')
  attempt(machine, 'up', ended('succeeded'))
  attempt(machine, 'x.a', ended('succeeded'))
  expect(says(machine, 'x.b', {}, 1)).toBe('It waits for x.a (2) (queued).')
  expect(says(machine, 'x.b')).toBe('A worker takes it in a moment.')
  expect(says(machine, 'down')).toBe('It waits for x.b (1) (queued), to clean up.')
  expect(says(machine, 'last')).toBe('It runs at the end: 4 other task runs have not ended.')
})

test('a task after a matrix within its cell waits for that cell', () => {
  const keys = ['1', '1', '2', '2']
  const within = { matrix: items('1,w=1', '1,w=2', '2,w=1', '2,w=2'), joins: [{ group: 'x', keys }] }
  const machine = admitted([
    plannedTask('x.b', [], { ...within, joined: 'x' }),
    plannedTask('x.z', ['x.b'], { matrix: items('1', '2'), joined: 'x' }),
  ])
  attempt(machine, 'x.b', ended('succeeded'), 0)
  attempt(machine, 'x.b', ended('succeeded'), 1)
  expect(says(machine, 'x.z')).toBe('A worker takes it in a moment.')
  expect(says(machine, 'x.z', {}, 1)).toBe('It waits for x.b (2,w=1) (queued).')
})

test('what was asked about a task is said: conditions, items, the run before', () => {
  const machine = ready(conditional)
  expect(says(machine, 't')).toBe('Its conditions are being looked at.')
  const past = { repo: 'r', dag: 'iris', number: 3, state: 'failed' } as const
  expect(says(machine, 't', { past })).toBe(
    'It waits until t has succeeded in the run before, iris run 3 (failed): it depends on the past.',
  )
  const bounded = ready({ ...conditional, queue_timeout: 60_000 })
  send(bounded, { kind: 'condition', node: 0, item: 0, result: 'not_yet' }, 1000)
  expect(says(bounded, 't', { past })).toContain(
    'it depends on the past. It gives up at 1970-01-01 00:01:01 UTC.',
  )
  const mapped = ready({
    map: { over: { kind: 'expression', source: 'x', scope: '' }, key: null, max_parallel: null },
  })
  expect(says(mapped, 't')).toBe('What it is expanded over is being read.')
})

test('a wait says until when, or for which run, and when it gives up', () => {
  const time = ready({ action: waitFor({ kind: 'duration', ms: 5000 }) })
  send(time, { kind: 'wait_told', node: 0, item: 0, result: { at: 5000 } })
  expect(says(time, 't')).toBe('It waits until 1970-01-01 00:00:05 UTC.')
  const action = waitFor(awaitedRunSchema.parse({ kind: 'run', dag: 'r/other' }))
  const run = ready({ action })
  send(run, { kind: 'wait_told', node: 0, item: 0, result: 'not_yet' })
  const more = {
    task: { id: 't', action, depends_on_past: false, start_timeout: null },
    logicalDate: Date.UTC(2026, 0, 1),
  }
  expect(says(run, 't', more)).toBe(
    'It waits for a run of r/other for 2026-01-01 00:00:00 UTC: there is none yet. Without it, it is skipped at 1970-01-01 00:01:00 UTC.',
  )
  const awaited = { repo: 'r', dag: 'other', number: 7, state: 'running' } as const
  expect(says(run, 't', { ...more, awaited })).toContain('the success of other run 7 for 2026-01-01')
  expect(says(run, 't', { ...more, awaited: { ...awaited, state: 'failed' } })).toContain(
    'which is failed: one that recovers it, or another of that date, may come. Without it, it is skipped at ',
  )
})

test('a poll says when its next probe is', () => {
  const machine = ready({ poll: { every: 10_000, timeout: 60_000, not_ready_exit_codes: [75] } })
  attempt(machine, 't', ended('failed', 'user_error', { exitCode: 75 }))
  expect(says(machine, 't')).toBe(
    'It was not ready: the next probe is at 1970-01-01 00:00:10 UTC. It gives up at 1970-01-01 00:01:00 UTC.',
  )
})

test('an approval says who may answer, and what comes without an answer', () => {
  const machine = ready({ action: approve })
  expect(says(machine, 't')).toBe(
    "It waits for a person's answer: Ines and Olav of team main may give it. Without an answer it fails at 1970-01-01 00:01:00 UTC.",
  )
})

test('a retry says what went wrong and when the next attempt starts', () => {
  const machine = ready({ retries: 1, retry_delay: 3000 })
  attempt(machine, 't', ended('failed', 'user_error', { exitCode: 3 }))
  expect(says(machine, 't')).toBe(
    'Attempt 1 did not succeed; the next starts at 1970-01-01 00:00:03 UTC. The command ended with an exit code other than 0.',
  )
})

const open: OpenAttempt = {
  n: 2,
  state: 'created',
  host: 'box',
  createdAt: 0,
  leaseUntil: 30_000,
  held: null,
  startBy: null,
}
test.each<[string, OpenAttempt | null, string]>([
  ['was claimed', null, 'Its attempt is being handed to a worker.'],
  ['is made ready', open, 'Attempt 2: the worker on box makes its files and inputs ready.'],
  [
    'is at its gate',
    { ...open, state: 'submitted', host: null },
    'Attempt 2: its worker has its process ready, and its start is being recorded.',
  ],
  [
    'is held back by its cluster',
    { ...open, state: 'submitted', held: '0/2 nodes are available.' },
    'Attempt 2: 0/2 nodes are available.',
  ],
  [
    'has a silent worker',
    { ...open, leaseUntil: -1000 },
    'Attempt 2: the worker on box has not been heard of since its lease ended at 1969-12-31 23:59:59 UTC; it counts as lost.',
  ],
])('an attempt that %s says so', (_, attempt_, words) => {
  const machine = ready({})
  send(machine, { kind: 'claimed', node: 0, item: 0 })
  expect(says(machine, 't', { attempt: attempt_ })).toBe(words)
})

test('a start that is bound says by when', () => {
  const machine = ready({})
  send(machine, { kind: 'claimed', node: 0, item: 0 })
  const task = { id: 't', action: approve, depends_on_past: false, start_timeout: 5000 }
  expect(says(machine, 't', { attempt: open, task })).toMatch(/started by 1970-01-01 00:00:05 UTC\.$/)
  // A pod has a bound of its own, counted from when its place on the cluster was settled.
  const pod = { ...open, startBy: 3_601_000 }
  expect(says(machine, 't', { attempt: pod })).toMatch(
    /started by 1970-01-01 01:00:01 UTC, the usual bound of a pod: its task says no `start_timeout`\.$/,
  )
  expect(says(machine, 't', { attempt: { ...pod, startBy: 6000 }, task })).toMatch(
    /by 1970-01-01 00:00:06 UTC\.$/,
  )
})

test('a task of a run that is being ended says so; one that runs or is over says nothing', () => {
  const machine = admitted([...two, plannedTask('down', ['a'], { teardown_for: ['b'] })])
  send(machine, { kind: 'claimed', node: 0, item: 0 })
  send(machine, { kind: 'cancel_requested', forced: false })
  expect(itemAt(machine, 0, 0).state).toBe('starting')
  expect(says(machine, 'a')).toBe('Its run is being ended.')
  expect(says(machine, 'b')).toBeNull()
  const running = ready({})
  send(running, { kind: 'claimed', node: 0, item: 0 })
  send(running, { kind: 'gate_passed', node: 0, item: 0 })
  expect(says(running, 't')).toBeNull()
  expect(says(running, 't', { attempt: open })).toBeNull()
  // Its start gate is passed before the image of its code is there.
  expect(says(running, 't', { attempt: { ...open, held: 'There is no such image.' } })).toBe(
    'Attempt 2: There is no such image.',
  )
})

test('a run of which nothing runs says what it waits for: people before time before its own tasks', () => {
  const row = (task: string, state: 'waiting' | 'retrying' | 'awaiting_input' | 'running', due = false) => ({
    task,
    key: null,
    state,
    due,
    why: [`${task} waits.`],
  })
  const words = (...rows: ReturnType<typeof row>[]) => {
    const why = whyNothingRuns(rows)
    return why === null ? null : wordsOf(why)
  }
  expect(words(row('a', 'waiting'), row('b', 'retrying', true), row('c', 'awaiting_input'))).toBe(
    'Nothing of it runs now. c: c waits.',
  )
  expect(words(row('a', 'waiting'), row('b', 'waiting', true))).toBe('Nothing of it runs now. b: b waits.')
  expect(words(row('a', 'waiting'), row('b', 'running'))).toBeNull()
  expect(words()).toBeNull()
})
