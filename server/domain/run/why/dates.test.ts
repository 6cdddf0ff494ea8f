import { expect, test } from 'vitest'
import { whyDateWaits, whyTickWaits, type DateFacts, type TickFacts } from './dates.ts'
import { wordsOf } from './sentence.ts'

const place = { repo: 'r', dag: 'iris', schedulers: 1 }
const tick: TickFacts = { ...place, paused: false, catchup: true, most: 2, queued: 0, queuedRuns: [] }
const backfill: DateFacts = {
  ...place,
  state: 'running',
  concurrency: 2,
  active: 0,
  number: 3,
  order: 'oldest',
  activeRuns: [],
  first: null,
}
const places = { active: 2, activeRuns: [5, 6] }

test.each<[string, Partial<TickFacts>, string]>([
  ['catching up', { paused: true }, 'iris is paused: each date since then gets its run when it is resumed.'],
  [
    'the newest alone',
    { paused: true, catchup: false },
    'iris is paused: the newest date gets its run when it is resumed.',
  ],
  [
    'a place in the queue',
    { queued: 4, queuedRuns: [7, 8, 9] },
    '4 scheduled runs of this version of iris wait for their start, as many as may (max_active_runs 2): run 7, run 8, run 9 and 1 more. The next date gets its run when one of them starts.',
  ],
  [
    'the only place in the queue',
    { most: 1, queued: 1, queuedRuns: [7] },
    '1 scheduled run of this version of iris waits for its start, as many as may (max_active_runs 1): run 7. The next date gets its run when it starts.',
  ],
  ['a scheduler', { schedulers: 0 }, 'No worker of this Dagbok is alive: nothing starts until one is.'],
  ['nothing', {}, 'A scheduler makes its run in a moment.'],
])('a due tick that is held back says what for: %s', (_, more, says) => {
  expect(wordsOf(whyTickWaits({ ...tick, ...more }))).toBe(says)
})

test.each<[string, Partial<DateFacts>, number, string | null]>([
  ['it is paused', { state: 'paused' }, 4, 'Backfill 3 is paused: it goes on when somebody resumes it.'],
  ['it is over', { state: 'cancelled' }, 0, null],
  [
    'its own concurrency',
    places,
    0,
    '2 of 2 runs of backfill 3 are under way (concurrency 2): run 5 and run 6.',
  ],
  [
    'its own concurrency, and dates before it',
    { ...places, order: 'newest' },
    1,
    '2 of 2 runs of backfill 3 are under way (concurrency 2): run 5 and run 6. 1 date of it comes first (newest first).',
  ],
  [
    'its concurrency, whose runs wait for max_active_runs',
    { ...places, first: ['3 of 3 runs of this version of iris are running (max_active_runs 3): run 1.'] },
    0,
    '2 of 2 runs of backfill 3 are under way (concurrency 2): run 5 and run 6. run 5 is queued: 3 of 3 runs of this version of iris are running (max_active_runs 3): run 1.',
  ],
  [
    'its turn',
    { active: 1 },
    7,
    '7 dates of backfill 3 come first (oldest first), and 1 may have a run now.',
  ],
  ['a scheduler', { schedulers: 0 }, 0, 'No worker of this Dagbok is alive: nothing starts until one is.'],
  ['nothing', {}, 1, 'A scheduler makes its run in a moment.'],
])('a date of a backfill says what it waits for: %s', (_, more, before, says) => {
  const why = whyDateWaits({ ...backfill, ...more }, before)
  expect(why === null ? null : wordsOf(why)).toBe(says)
})
