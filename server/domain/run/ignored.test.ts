import { expect, test } from 'vitest'
import { clusterQueue, warmQueue } from './deployment.ts'
import { ignoredOf, ignoredWords } from './ignored.ts'

const task = (image: string | null, cpu: number | null) => ({
  image,
  resources: { cpu, memory: 1 },
  action: { kind: 'command' as const, command: ['fit'] },
})
const warm = warmQueue('default', '0123456789abcdef')

test.each([
  { by: 'this machine', queue: '', ignored: { image: 'busybox', cpu: 2 } },
  { by: 'a worker of the pool', queue: 'gpu', ignored: { image: 'busybox', cpu: 2 } },
  { by: 'a worker that stands in its image', queue: warm, ignored: { image: null, cpu: 2 } },
  { by: 'a pod', queue: clusterQueue('default'), ignored: null },
])('[N2] what a task asks for and $by does without is told', ({ queue, ignored }) => {
  expect(ignoredOf(task('busybox', 2), queue)).toEqual(ignored)
})

test('of a task that asks for nothing there is nothing to tell, nor of one that runs nothing', () => {
  expect(ignoredOf(task(null, null), '')).toBeNull()
  expect(ignoredOf(task('busybox', null), warm)).toBeNull()
  const asks = { kind: 'approve' as const, message: null, form: {}, timeout: 1, on_timeout: 'fail' as const }
  expect(ignoredOf({ ...task('busybox', 2), action: asks }, '')).toBeNull()
})

test('each is said in a sentence', () => {
  expect(ignoredWords({ image: null, cpu: 1 })).toEqual([
    'Its bound of 1 processor is ignored: only `kubernetes` keeps a task to that.',
  ])
  expect(ignoredWords({ image: 'busybox', cpu: 0.5 })).toEqual([
    'Its image busybox is ignored: `process` and `pool` run it as a process of their machine.',
    'Its bound of 0.5 processors is ignored: only `kubernetes` keeps a task to that.',
  ])
})
