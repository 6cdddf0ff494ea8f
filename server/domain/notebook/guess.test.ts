import { expect, test } from 'vitest'
import { guess } from './guess.ts'

test.each([
  ['tain', ['train', 'report'], 'train'],
  ['fecth', ['fetch', 'train'], 'fetch'],
  ['iirs', ['iris'], 'iris'],
  ['ba', ['ab'], 'ab'],
  ['hctef', ['fetch'], undefined],
  ['xy', ['ab'], undefined],
  ['metrik', ['matrix', 'metrics'], 'metrics'],
  ['metrik', ['metrics', 'matrix'], 'metrics'],
])('%s among %j: %s', (word, candidates, meant) => expect(guess(word, candidates)).toBe(meant))
