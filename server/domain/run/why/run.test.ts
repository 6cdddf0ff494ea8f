import { expect, test } from 'vitest'
import { weighAdmission, type Others, type Waiting } from '../admission.ts'
import { runStrategies } from '../states.ts'
import { whyRunWaits, type QueuedRunFacts } from './run.ts'
import { wordsOf } from './sentence.ts'

const alone: Others = { active: 0, older: false, newer: false, failedBefore: false, recovers: false }
const facts = (more: Partial<QueuedRunFacts>): QueuedRunFacts => ({
  waiting: { strategy: 'parallel', max: 2, forced: false },
  others: alone,
  repo: 'r',
  dag: 'iris',
  activeRuns: [],
  firstWaiting: null,
  failedRun: null,
  cancelling: false,
  dueAt: null,
  full: null,
  schedulers: 1,
  ...more,
})
const by = (strategy: Waiting['strategy']) => ({ waiting: { strategy, max: 1, forced: false } })
const busy = { others: { ...alone, active: 1 }, activeRuns: [3] }

test.each<[string, Partial<QueuedRunFacts>, string]>([
  [
    'places',
    { others: { ...alone, active: 2 }, activeRuns: [3, 4] },
    '2 of 2 runs of this version of iris are running (max_active_runs 2): run 3 and run 4.',
  ],
  [
    'many places',
    {
      waiting: { strategy: 'parallel', max: 9, forced: false },
      others: { ...alone, active: 9 },
      activeRuns: [1, 2, 3],
    },
    '9 of 9 runs of this version of iris are running (max_active_runs 9): run 1, run 2, run 3 and 6 more.',
  ],
  ['sequential', { ...by('sequential'), ...busy }, 'It waits for the end of run 3 (strategy sequential).'],
  [
    'its turn',
    { ...by('sequential'), others: { ...alone, older: true }, firstWaiting: 5 },
    'It waits behind run 5 (strategy sequential).',
  ],
  [
    'a failure',
    { ...by('strict_sequential'), others: { ...alone, failedBefore: true }, failedRun: 6 },
    'run 6 failed: it waits until that is recovered (strategy strict_sequential).',
  ],
  ['last only', { ...by('last_only'), ...busy }, 'It waits for the end of run 3 (strategy last_only).'],
  [
    'a newer one',
    { ...by('serial_latest_only'), others: { ...alone, newer: true } },
    'A newer run is due: this one is about to be cancelled (strategy serial_latest_only).',
  ],
  ['nothing', {}, 'It starts as soon as a scheduler looks.'],
  ['a cancel', { cancelling: true, ...busy }, 'It is being cancelled.'],
  ['no scheduler', { schedulers: 0 }, 'No worker of this Dagbok is alive: nothing starts until one is.'],
  [
    'room on a disk',
    { full: { place: 'the data folder', free: 1e6, least: 2e6 }, ...busy },
    'The disk of the data folder is full: 1.0 MB are free, and new work starts from 2.0 MB on. Make room there, and it goes on by itself.',
  ],
  [
    'a bound',
    { ...by('sequential'), ...busy, dueAt: Date.UTC(2026, 0, 2) },
    'It waits for the end of run 3 (strategy sequential). It gives up at 2026-01-02 00:00:00 UTC.',
  ],
])('a run that waits for %s says so', (_, more, says) => {
  expect(wordsOf(whyRunWaits(facts(more)))).toBe(says)
})

test.each(runStrategies)(
  '%s: it speaks of nothing that holds it back exactly when it is admitted',
  (strategy) => {
    for (const active of [0, 1])
      for (const older of [false, true])
        for (const newer of [false, true])
          for (const failedBefore of [false, true])
            for (const recovers of [false, true]) {
              const others = { active, older, newer, failedBefore, recovers }
              const given = facts({ ...by(strategy), others })
              const { admission } = weighAdmission(given.waiting, given.others)
              const starts = wordsOf(whyRunWaits(given)).startsWith('It starts')
              expect(starts).toBe(admission === 'admit')
            }
  },
)

test('what it names leads there', () => {
  expect(whyRunWaits(facts({ ...by('sequential'), ...busy }))).toContainEqual({
    text: 'run 3',
    to: { kind: 'run', repo: 'r', dag: 'iris', number: 3, task: null, key: null },
  })
})
