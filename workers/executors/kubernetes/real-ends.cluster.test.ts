import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { explainRefusal } from '#server/domain/pod/refusal.ts'
import { apply, kubectl } from '../../../k8s/test-cluster/testing/kubectl.ts'
import { ClusterError } from './cluster-error.ts'
import { openOddRegistry } from './testing/odd-registry.ts'
import { hasEnded, isRunning, realEnds, specOf } from './testing/real-ends.ts'
import { finalizer, RealPods } from './testing/real-pods.ts'

const registry = inject('registry')
const odd = await openOddRegistry(inject('machine'), registry)
const ends = Object.entries(realEnds(registry, odd.address))
const namespace = `ends-${randomUUID().slice(0, 8)}`
let pods: RealPods
const uids = new Map<string, string>()

beforeAll(async () => {
  await kubectl(['create', 'namespace', namespace])
  pods = new RealPods(inject('kubeconfig'), namespace)
  for (const [name, end] of ends)
    uids.set(name, (await pods.create(name, specOf(registry, end))).metadata.uid)
})
afterAll(async () => {
  await pods.close()
  await odd.close()
})

test.for(ends)('[R6] %s is named right', async ([name, end]) => {
  const uid = uids.get(name) ?? ''
  if (end.act !== undefined) {
    await pods.when(name, end.actWhen ?? isRunning)
    await end.act(pods, name, uid)
  }
  await pods.when(name, end.when ?? hasEnded)
  const { verdict } = await pods.observe(name, uid)
  expect(verdict).toMatchObject(end.expected)
  expect(verdict.message ?? '').toContain(end.says ?? '')
})

const refusalOf = (where: string, pod: object) =>
  pods.client.createPod(where, pod).then(
    () => null,
    (error: unknown) =>
      error instanceof ClusterError ? explainRefusal(error.status ?? 0, error.body) : null,
  )

test('[R6] a refused create says why: the quota, the policy, no namespace, a pod that is there', async () => {
  const spec = specOf(registry, {
    about: '',
    expected: { state: 'succeeded', reason: null, userCode: 'started' },
  })
  const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'refused' }, spec }
  const full = `${namespace}-full`
  const strict = `${namespace}-strict`
  await kubectl(['create', 'namespace', full])
  await kubectl(['create', 'quota', 'none', '--hard=pods=0', '-n', full])
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: strict, labels } })
  onTestFinished(() => void kubectl(['delete', 'namespace', full, strict, '--wait=false']))
  expect(await refusalOf(full, pod)).toMatchObject({ kind: 'later', reason: 'unschedulable' })
  expect(await refusalOf(strict, pod)).toMatchObject({ kind: 'never', reason: 'bad_config' })
  expect(await refusalOf('no-such-namespace', pod)).toMatchObject({ kind: 'never', reason: 'bad_config' })
  const there = { ...pod, metadata: { name: 'succeeded' } }
  expect(await refusalOf(namespace, there)).toEqual({ kind: 'exists' })
})

test('a pod is deleted, and let go, by its UID alone', async () => {
  const [name, ref] = ['by-uid', { namespace, name: 'by-uid' }]
  const end = { about: '', expected: { state: 'succeeded', reason: null, userCode: 'started' } } as const
  const { metadata } = await pods.create(name, specOf(registry, end))
  const wrong = { uid: randomUUID() }
  await expect(pods.client.deletePod(ref, wrong)).rejects.toMatchObject({ code: 'conflict' })
  await expect(pods.client.removeFinalizer(ref, { ...wrong, finalizer })).rejects.toMatchObject({
    code: 'conflict',
  })
  await pods.when(name, hasEnded)
  expect(await pods.client.deletePod(ref, { uid: metadata.uid })).toBe(true)
  expect((await pods.client.getPod(ref))?.metadata).toMatchObject({ finalizers: [finalizer] })
  expect(await pods.client.removeFinalizer(ref, { uid: metadata.uid, finalizer })).toBe(true)
  expect(await pods.client.getPod(ref)).toBeNull()
  expect(await pods.client.deletePod(ref, { uid: metadata.uid })).toBe(false)
})
