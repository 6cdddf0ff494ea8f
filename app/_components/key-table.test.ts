import { expect, test } from 'vitest'
import { actFor, keyName, type KeyAct } from './key-table.ts'

const acts: KeyAct[] = [
  { key: 'r', words: 'Run', act: () => {} },
  { key: 'ArrowDown', also: ['j'], words: 'Next', act: () => {}, moves: true },
]
const free = { modified: false, taken: 'none', letters: true } as const

test.each([
  ['r', free, 'Run'],
  ['j', free, 'Next'],
  ['ArrowDown', free, 'Next'],
  ['x', free, null],
  ['r', { ...free, modified: true }, null],
  ['r', { ...free, taken: 'all' }, null],
  ['r', { ...free, taken: 'arrows' }, 'Run'],
  ['ArrowDown', { ...free, taken: 'arrows' }, null],
] as const)('%s with %j does %s', (key, where, words) => {
  expect(actFor(acts, { key, ...where })?.words ?? null).toBe(words)
})

test('with single characters turned off only named keys act', () => {
  expect(actFor(acts, { key: 'j', ...free, letters: false })).toBeNull()
  expect(actFor(acts, { key: 'ArrowDown', ...free, letters: false })?.words).toBe('Next')
})

test('keys are shown as the keyboard has them', () => {
  expect(['r', 'S', 'ArrowDown', '?', 'Enter'].map(keyName)).toEqual(['R', '⇧S', '↓', '?', '⏎'])
})
