import { expect, test } from 'vitest'
import type { DagSummary } from '#server/views/dag.ts'
import { findDags } from './dag-rows.ts'

const dag = (name: string, state: 'succeeded' | 'failed', tags: string[] = []): DagSummary => ({
  id: name,
  ref: { team: 'main', repo: 'examples', dag: name },
  title: null,
  description: null,
  path: '',
  tags,
  owners: [],
  version: null,
  faults: [],
  schedule: [],
  nextTick: null,
  paused: null,
  lastRuns: [
    { id: name, number: 1, state, versionNumber: 1, duration: 1, createdAt: '2026-01-01T00:00:00Z' },
  ],
  activeRuns: 0,
  queued: null,
  versions: 1,
})
const dags = [dag('a', 'succeeded', ['toy']), dag('b', 'failed'), dag('c', 'succeeded'), dag('d', 'failed')]
const names = (typed: string) => findDags(dags, typed).map((one) => one.ref.dag)

test('failing DAGs come first, otherwise the order stays', () => {
  expect(names('')).toEqual(['b', 'd', 'a', 'c'])
})

test('every typed word must be in the place, the title or a tag', () => {
  expect(names('EXAMPLES/c')).toEqual(['c'])
  expect(names('toy main')).toEqual(['a'])
  expect(names('toy failing')).toEqual([])
})
