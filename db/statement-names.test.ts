import { expect, test } from 'vitest'
import { StatementNames } from './statement-names.ts'

const used = (names: StatementNames, text: string, times: number) =>
  Array.from({ length: times }, () => names.of(text)).at(-1)

test('a statement that comes often has a name of its own, and keeps it', () => {
  const names = new StatementNames()
  expect(used(names, 'select 1', 19)).toBeUndefined()
  const one = used(names, 'select 1', 1)
  const two = used(names, 'select 2', 20)
  expect([one, two]).toEqual([expect.any(String), expect.any(String)])
  expect(one).not.toBe(two)
  expect(used(names, 'select 1', 1000)).toBe(one)
})

test('what is put together anew each time takes neither names nor memory', () => {
  const names = new StatementNames()
  for (let i = 0; i < 100_000; i++) expect(names.of(`select ${i}`)).toBeUndefined()
  for (let i = 0; i < 500; i++) used(names, `often ${i}`, 20)
  const named = Array.from({ length: 500 }, (_, i) => names.of(`often ${i}`)).filter(
    (name) => name !== undefined,
  )
  expect(named).toHaveLength(100)
})

test('where statements fail by their names again and again, none is given any more', () => {
  let now = 0
  const names = new StatementNames(() => now)
  const one = used(names, 'select 1', 20)
  for (let n = 0; n < 30; n++, now += 10_000) names.failed()
  expect(names.of('select 1')).toBe(one)
  for (let n = 0; n < 10; n++) names.failed()
  expect(names.of('select 1')).toBeUndefined()
  now += 3_600_000
  expect(used(names, 'select 2', 50)).toBeUndefined()
})
