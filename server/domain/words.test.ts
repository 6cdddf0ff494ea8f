import { expect, test } from 'vitest'
import { agoWords, durationWords, sizeWords } from './words.ts'

test.each([
  [420, '420 ms'],
  [12_400, '12.4 s'],
  [185_000, '3 min 05 s'],
  [7_800_000, '2 h 10 min'],
])('%d ms is %s', (ms, words) => expect(durationWords(ms)).toBe(words))

test.each([
  [0, 'just now'],
  [999, 'just now'],
  [-400, 'now'],
  [1000, '1 s ago'],
  [5000, '5 s ago'],
  [-10_800_000, 'in 3 h'],
  [172_800_000, '2 d ago'],
])('%d ms from now is %s', (ms, words) => expect(agoWords(ms)).toBe(words))

test.each([
  [512, '512 B'],
  [1500, '1.5 kB'],
  [2_000_000, '2.0 MB'],
  [1_250_000_000, '1.25 GB'],
])('%d bytes are %s', (bytes, words) => expect(sizeWords(bytes)).toBe(words))
