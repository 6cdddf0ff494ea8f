import { expect, test } from 'vitest'
import { backfillOf, comparedOf, dagOf, runOf, taskRunOf, versionOf } from './addresses.ts'
import { UsageError } from './failure.ts'

const iris = { team: 'main', repo: 'examples', dag: 'iris' }
const id = '0b8f1c52-6f55-4c3e-9d6c-000000000001'

test('a DAG is TEAM/REPO/DAG, of team main without one', () => {
  expect(dagOf('examples/iris')).toEqual(iris)
  expect(dagOf('main/examples/iris')).toEqual(iris)
  expect(dagOf('other/examples/iris')).toEqual({ ...iris, team: 'other' })
})

test.each(['iris', 'a/b/c/d', 'a//b', '/a/b', 'a/b?c', '../a', ''])("'%s' is no DAG", (text) => {
  expect(() => dagOf(text)).toThrow(UsageError)
})

test('a version follows the first @', () => {
  expect(versionOf('examples/iris')).toEqual({ dag: iris, version: null })
  expect(versionOf('examples/iris@v2')).toEqual({ dag: iris, version: 'v2' })
  expect(versionOf('examples/iris@people/ines@home')).toEqual({ dag: iris, version: 'people/ines@home' })
  expect(() => versionOf('examples/iris@')).toThrow(UsageError)
})

test('a run is its id, or the number within its DAG', () => {
  expect(runOf(id.toUpperCase())).toEqual({ id })
  expect(runOf('examples/iris#12')).toEqual({ dag: iris, number: 12 })
  for (const text of ['12', 'examples/iris', 'examples/iris#', 'examples/iris#x', '#1'])
    expect(() => runOf(text), text).toThrow(UsageError)
})

test('a version is compared by a run of it', () => {
  expect(comparedOf('examples/iris@a/b')).toEqual({ dag: iris, version: 'a/b' })
  expect(comparedOf('examples/iris#2')).toEqual({ dag: iris, number: 2 })
  expect(comparedOf(id)).toEqual({ id })
  expect(() => comparedOf('examples/iris')).toThrow(/names no run/)
})

test('a task run is its task, with the item in brackets', () => {
  expect(taskRunOf('clean.tidy')).toEqual({ task: 'clean.tidy', key: null })
  expect(taskRunOf('train[alpha=0.1,k=5]')).toEqual({ task: 'train', key: 'alpha=0.1,k=5' })
  expect(taskRunOf('each[a[0] of b]')).toEqual({ task: 'each', key: 'a[0] of b' })
  for (const text of ['', '[a]', 'train[]', 'train[a', 'train]', 'a b'])
    expect(() => taskRunOf(text), text).toThrow(/names no task run/)
})

test('a backfill is the number within its DAG', () => {
  expect(backfillOf('examples/iris#3')).toEqual({ dag: iris, number: 3 })
  expect(() => backfillOf(id)).toThrow(/names no backfill/)
})
