import { expect, test } from 'vitest'
import { indexLines } from './line-index.ts'

test('lines and columns are counted from 1, and an offset at a line end belongs to its line', () => {
  const { position, start } = indexLines('ab\nc\r\n\nd')
  expect([0, 2, 3, 5, 6, 7].map((offset) => Object.values(position(offset)).join(':'))).toEqual([
    '1:1',
    '1:3',
    '2:1',
    '2:3',
    '3:1',
    '4:1',
  ])
  expect(start(4)).toBe(7)
})
