import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { clusterOfQueue, clusterOfWarmQueue } from '../run/deployment.ts'
import { isKept, queueOfImage, warmImage, warmImageOf } from './warm-image.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')
const task = {
  image: 'python:3',
  executor: 'pool' as const,
  queue: null,
  action: { kind: 'command' as const, command: ['true'] },
}
const usual = { executor: 'process' as const, warm: 'default' }

test.each([
  ['a task of the pool that names an image', {}, usual, 'python:3'],
  ['one whose executor is the deployment’s', { executor: null }, { ...usual, executor: 'pool' }, 'python:3'],
  ['one of a deployment without such workers', {}, { ...usual, warm: null }, null],
  ['one that names a queue', { queue: 'gpu' }, usual, null],
  ['a pod', { executor: 'kubernetes' }, usual, null],
  ['one whose image each run has anew', { image: 'python:${{ params.tag }}' }, usual, null],
  ['one that names none', { image: null }, usual, null],
  ['one that is its image alone', { action: { kind: 'image' } }, usual, null],
] as const)('%s', (_, more, of, image) => expect(warmImage({ ...task, ...more }, of)).toBe(image))

test('[N10] until its digest is known each version has its own workers, then all versions of one digest share theirs', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  const queue = (version: string, known: [string, string][], image = 'python:3') =>
    queueOfImage('default', warmImageOf(image, version, new Map(known)), sha256)
  expect(queue('v1', [])).not.toBe(queue('v2', []))
  expect(queue('v1', [])).toBe(queue('v1', []))
  expect(queue('v1', [['python:3', digest]])).toBe(queue('v2', [['python:3', digest]]))
  expect(queue('v1', [['python:3', digest]])).not.toBe(queue('v1', []))
  // Who writes the digest shares them, too.
  expect(queue('v3', [], `python:3@${digest}`)).toBe(queue('v1', [['python:3', digest]]))
})

test('the queue of an image is no cluster’s and no other queue’s', () => {
  const queue = queueOfImage('gpu', { image: 'a', versionId: null }, sha256)
  expect([clusterOfWarmQueue(queue), clusterOfQueue(queue)]).toEqual(['gpu', null])
  expect([clusterOfWarmQueue('default'), clusterOfWarmQueue('@gpu')]).toEqual([null, null])
})

test.each([
  ['python', false],
  ['python:latest', false],
  ['r.example:5000/python', false],
  ['r.example:5000/python:3.13', true],
  [`python@sha256:${'a'.repeat(64)}`, true],
])('a node that has %s keeps it: %s', (image, is) => expect(isKept(image)).toBe(is))
