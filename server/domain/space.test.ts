import { expect, test } from 'vitest'
import { fullDisk, whyFull } from './space.ts'

const disk = (place: string, free: number) => ({ place, free })

test.each([
  ['more than must be', [disk('a', 101)], null],
  ['just as much as must be', [disk('a', 100)], null],
  ['less than must be', [disk('a', 99)], 'a'],
  ['nothing', [disk('a', 0)], 'a'],
  ['too little on one of two', [disk('a', 500), disk('b', 99)], 'b'],
  ['too little on both', [disk('a', 98), disk('b', 99)], 'a'],
  ['what nobody knows', [], null],
])('[R15] where %s is free, new work may start or is refused for that disk', (_, disks, full) => {
  expect(fullDisk(disks, 100)?.place ?? null).toBe(full)
})

test('[R15] without a bound a full disk refuses nothing', () => {
  expect(fullDisk([disk('a', 0)], 0)).toBeNull()
})

test('[R15] the sentence says what is full, how much is free, and what to do', () => {
  expect(whyFull({ place: 'the data folder', free: 1_500_000, least: 268_435_456 })).toBe(
    'The disk of the data folder is full: 1.5 MB are free, and new work starts from 268.4 MB on. Make room there, and it goes on by itself.',
  )
})
