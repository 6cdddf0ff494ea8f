import { expect, test } from 'vitest'
import { finalizer } from '#server/domain/pod/names.ts'
import type { PodObject } from './cluster-client.ts'
import { PodView } from './pod-view.ts'

interface Of {
  uid?: string
  phase?: string
  deleted?: boolean
  held?: boolean
}

const pod = (
  version: number,
  { uid = 'u', phase = 'Running', deleted = false, held = true }: Of = {},
): PodObject => ({
  metadata: {
    name: 'a',
    namespace: 'n',
    uid,
    resourceVersion: String(version),
    ...(deleted ? { deletionTimestamp: '2026-01-01T00:00:00Z' } : {}),
    ...(held ? { finalizers: [finalizer] } : {}),
  },
  status: { phase },
})

/** The version of the pod that is seen, after a list with the first and events with the others. */
function seen(first: PodObject, ...then: PodObject[]): string | undefined {
  const view = new PodView()
  view.replace([first], first.metadata.resourceVersion)
  for (const one of then) view.apply({ kind: 'put', pod: one })
  return view.seen('n/a')?.metadata.resourceVersion
}

test('a pod is seen as it is', () => {
  expect(seen(pod(1), pod(2))).toBe('2')
  expect(seen(pod(1), pod(2, { deleted: true }))).toBe('2')
})

test('[R2] one that had succeeded before it was deleted is seen as it was then, and one that had not is not', () => {
  const over = pod(2, { phase: 'Succeeded' })
  expect(seen(pod(1), over, pod(3, { phase: 'Succeeded', deleted: true }))).toBe('2')
  expect(
    seen(over, pod(3, { phase: 'Succeeded', deleted: true }), pod(4, { phase: 'Succeeded', deleted: true })),
  ).toBe('2')
  // It ended when it was asked to.
  expect(seen(pod(1), pod(2, { deleted: true }), pod(3, { phase: 'Succeeded', deleted: true }))).toBe('3')
  expect(seen(pod(1), pod(2, { phase: 'Failed' }), pod(3, { phase: 'Failed', deleted: true }))).toBe('3')
})

test('nor is one that nothing holds, or another by its name', () => {
  const over = pod(2, { phase: 'Succeeded' })
  expect(seen(over, pod(3, { phase: 'Succeeded', deleted: true, held: false }))).toBe('3')
  expect(seen(over, pod(3, { phase: 'Succeeded', deleted: true }), pod(4, { uid: 'v', deleted: true }))).toBe(
    '4',
  )
})

test('a list that comes between tells the same', () => {
  const view = new PodView()
  view.replace([pod(2, { phase: 'Succeeded' })], '2')
  view.replace([pod(3, { phase: 'Succeeded', deleted: true })], '3')
  expect(view.seen('n/a')?.metadata.resourceVersion).toBe('2')
  view.replace([], '4')
  expect(view.seen('n/a')).toBeUndefined()
  view.replace([pod(5, { phase: 'Succeeded', deleted: true })], '5')
  expect(view.seen('n/a')?.metadata.resourceVersion).toBe('5')
})
