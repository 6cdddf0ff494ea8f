import { expect, test } from 'vitest'
import { deedWords } from './audit.ts'

test.each([
  ['run.cancel', { run: 3 }, 'cancelled run 3'],
  [
    'run.mark',
    { run: 3, task: 'fit', key: 'k=1', as: 'skipped', reason: 'so' },
    'marked fit (k=1) of run 3 as skipped: so',
  ],
  ['run.answer', { run: 3, task: 'ask', key: null, yes: false }, 'answered no to ask of run 3'],
  ['trigger.refuse', { trigger: 'webhook', why: 'No.' }, 'did not start a run by webhook: No.'],
  [
    'trigger.refuse',
    { trigger: 'success_of', why: 'No.', source: 'r/a run 4' },
    'did not start a run by success_of of r/a run 4: No.',
  ],
  ['pool.set', { name: 'gpu', slots: 2 }, 'gave pool gpu 2 slots'],
  ['something.else', {}, 'something.else'],
])('%s is said in words', (verb, details, says) => {
  expect(deedWords(verb, details)).toBe(says)
})
