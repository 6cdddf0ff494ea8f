import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shownNames, type NamedTasks } from './renames.ts'

/** `b<a c`: b, which was a, and c. */
const version = (text: string, i: number): NamedTasks => ({
  number: i + 1,
  tasks: text
    .split(' ')
    .filter((word) => word !== '')
    .map((word) => {
      const [id = '', renamedFrom = null] = word.split('<')
      return { id, renamedFrom }
    }),
})

/** What the tasks of the first version, and of others that are named, are shown as beside the last. */
const shown = (texts: readonly string[], compared = [1, texts.length]) => {
  const names = shownNames(texts.map(version), new Set(compared))
  return compared
    .map((number) => [...(names.get(number) ?? [])].map(([id, name]) => (id === name ? id : `${id}→${name}`)))
    .map((words) => words.toSorted().join(' '))
}

test.each([
  { why: 'a task that was renamed', versions: ['a c', 'b<a c'], are: ['a→b c', 'b c'] },
  { why: 'a chain of renames', versions: ['a', 'b<a', 'c<b'], are: ['a→c', 'c'] },
  { why: 'a name that was taken back', versions: ['a', 'b<a', 'a<b'], are: ['a', 'a'] },
  { why: 'an old name that another task took', versions: ['a', 'b<a', 'b<a a'], are: ['a→b', 'a b'] },
  { why: 'an old name that another task took at once', versions: ['a', 'b<a a'], are: ['a', 'a b'] },
  { why: 'names that were exchanged', versions: ['a b', 'a<b b<a'], are: ['a b', 'a b'] },
  {
    why: 'names that were exchanged by way of a third',
    versions: ['a b', 'c<a b', 'c a<b', 'b<c a'],
    are: ['a b', 'a b'],
  },
  { why: 'a task that says it was itself', versions: ['a', 'a<a'], are: ['a', 'a'] },
  { why: 'a name that never was', versions: ['a', 'b<x'], are: ['a', 'b'] },
  { why: 'two that say they were one', versions: ['a', 'b<a c<a'], are: ['a→b', 'b c'] },
  { why: 'a task that was away', versions: ['a c', 'c', 'b<a c'], are: ['a→b c', 'b c'] },
  { why: 'another line of history between', versions: ['a', 'b<a', 'a'], are: ['a', 'a'] },
])('$why', ({ versions, are }) => {
  expect(shown(versions)).toEqual(are)
})

test('of several versions all stand under the name that the newest of them has', () => {
  expect(shown(['a', 'b<a', 'c<b'], [1, 2, 3])).toEqual(['a→c', 'b→c', 'c'])
  expect(shown(['a', 'b<a', 'c<b'], [1, 2])).toEqual(['a→b', 'b'])
})

const ids = fc.constantFrom('a', 'b', 'c', 'd')
const tasks = fc.uniqueArray(fc.record({ id: ids, renamedFrom: fc.option(ids) }), {
  selector: ({ id }) => id,
})
const history = fc.array(tasks, { minLength: 1, maxLength: 6 })

test('whatever was renamed how, each task stands in one row, and no row has two of a version', () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat({ max: 5 })), (all, chosen) => {
      const versions = all.map((one, i) => ({ number: i + 1, tasks: one }))
      const compared = new Set([...chosen.map((n) => n + 1).filter((n) => n <= all.length), all.length])
      const names = shownNames(versions, compared)
      expect(new Set(names.keys())).toEqual(compared)
      for (const [number, own] of names) {
        expect([...own.keys()].toSorted()).toEqual((all[number - 1] ?? []).map(({ id }) => id).toSorted())
        expect(new Set(own.values()).size).toBe(own.size)
      }
      // The newest are shown as they are.
      expect([...(names.get(all.length) ?? [])].filter(([id, name]) => id !== name)).toEqual([])
    }),
  )
})

test('without a rename every task is shown as it is', () => {
  fc.assert(
    fc.property(history, (all) => {
      const plain = all.map((one, i) => ({
        number: i + 1,
        tasks: one.map(({ id }) => ({ id, renamedFrom: null })),
      }))
      const names = shownNames(plain, new Set(plain.map(({ number }) => number)))
      for (const own of names.values()) expect([...own].filter(([id, name]) => id !== name)).toEqual([])
    }),
  )
})
