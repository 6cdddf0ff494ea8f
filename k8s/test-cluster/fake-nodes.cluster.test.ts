import { expect, inject, onTestFinished, test } from 'vitest'
import { callsOf } from '#workers/executors/kubernetes/kubeconfig.ts'
import { FakeNodes, fakeLabel, type FakePod } from './fake-nodes.ts'
import { apply, kubectl, read } from './testing/kubectl.ts'
import { until } from './until.ts'

const name = 'fake-pod'
const calls = () => callsOf({ kubeconfig: inject('kubeconfig'), context: null })

test('a pod on a node without a machine runs and succeeds, has a log, and the nodes go', async () => {
  const told: string[] = []
  const note = (what: string) => (pod: FakePod) => void told.push(`${what} ${pod.metadata.name}`)
  const nodes = new FakeNodes({
    calls: calls(),
    count: 3,
    namespace: 'default',
    beforeCode: (pod) => Promise.resolve(note('before')(pod)),
    onSucceeded: note('after'),
  })
  await nodes.start()
  onTestFinished(() => nodes.stop())
  await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      nodeSelector: { [fakeLabel]: 'yes' },
      tolerations: [{ key: fakeLabel, operator: 'Exists' }],
      containers: [{ name: 'main', image: 'none' }],
    },
  })
  onTestFinished(
    async () => void (await kubectl(['delete', 'pod', name, '--ignore-not-found', '--wait=false'])),
  )
  const over = await until(
    'the pod has succeeded',
    async () => {
      const pod = await read<FakePod>('pod', name)
      return pod.status.phase === 'Succeeded' ? pod : null
    },
    60_000,
  )
  expect(over.spec.nodeName).toMatch(/^fake\d$/)
  expect(await kubectl(['logs', name])).toContain('done')
  expect(told).toEqual([`before ${name}`, `after ${name}`])
  expect(nodes.faults).toEqual([])
  await nodes.stop()
  expect(await kubectl(['get', 'nodes', '-l', fakeLabel, '-o', 'name'])).toBe('')
})
