import { expect, test } from 'vitest'
import type { Grid } from '#server/views/dag.ts'
import { runOfGrid } from '../dags/testing.ts'
import { wentOf } from './went.ts'

const place = { team: 'main', repo: 'examples', dag: 'iris' }

/** A grid of one run of one task; of none without a number. */
const grid = (version: number, number?: number): Grid => {
  const run = { ...runOfGrid(number ?? 0, version, 'succeeded'), dag: place }
  const cell = { state: 'succeeded', reason: null, items: 1, done: 1, retried: false, duration: 5 } as const
  const tasks = [{ id: 'train', title: null, group: null }]
  return number === undefined ? { tasks, runs: [], cells: [] } : { tasks, runs: [run], cells: [[cell]] }
}

test('a cell tells of the run of the version that is shown, though another version ran later', () => {
  expect(wentOf([grid(1, 4), grid(2, 9)], 'version 1', place).get('train')).toMatchObject({
    run: 4,
    otherVersion: null,
    href: '/main/examples/iris/runs/4?task=train',
  })
})

test('of a version that never ran it tells of the newest run, and of which version that is', () => {
  expect(wentOf([grid(3), grid(2, 9)], 'version 3', place).get('train')).toMatchObject({
    run: 9,
    otherVersion: 2,
  })
  expect(wentOf([undefined, grid(2, 9)], null, place).get('train')).toMatchObject({ otherVersion: 2 })
  expect(wentOf([grid(3), grid(3)], 'version 3', place).size).toBe(0)
})
