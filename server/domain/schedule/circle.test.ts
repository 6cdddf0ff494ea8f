import { expect, test } from 'vitest'
import { findCircle } from './circle.ts'

const edges = (...pairs: [string, string[]][]) => new Map(pairs)

test('a circle is named from where it begins, by its shortest way; a chain and a diamond are none', () => {
  expect(findCircle(edges(['a', ['b', 'c']], ['b', ['d']], ['c', ['d']]), ['a', 'b', 'c'])).toBeNull()
  expect(findCircle(edges(['a', ['a']]), ['a'])).toEqual(['a', 'a'])
  expect(findCircle(edges(['a', ['b', 'c']], ['b', ['c']], ['c', ['a']]), ['a'])).toEqual(['a', 'c', 'a'])
  expect(findCircle(edges(['x', ['a']], ['a', ['b']], ['b', ['a']]), ['x', 'a'])).toEqual(['a', 'b', 'a'])
})
