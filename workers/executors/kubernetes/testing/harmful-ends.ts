/** Ways to end that a cluster shows only where others on it are harmed: they are recorded one by one, and not tried in a test beside others. */
import { restartDaemon, stopDaemon } from '../../../../k8s/test-cluster/daemons.ts'
import { nodeName } from '../../../../k8s/test-cluster/settings.ts'
import { apply, kubectl } from '../../../../k8s/test-cluster/testing/kubectl.ts'
import type { RealEnd } from './real-ends.ts'

export interface HarmfulEnd extends RealEnd {
  /** Puts the cluster right again. */
  undo: () => Promise<unknown>
}

const node = { nodeSelector: { 'kubernetes.io/hostname': nodeName(2) } }
const hold = ['sh', '-c', 'trap "exit 143" TERM; sleep 1000 & wait']
const high = 'record-high'

/** Takes the place of what has a lower priority. */
async function crowdOut(registry: string): Promise<void> {
  const metadata = { name: high }
  await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: 1_000_000 })
  const resources = { requests: { cpu: '1500m' } }
  const main = { name: 'main', image: `${registry}/busybox:1`, command: ['sleep', '600'], resources }
  const spec = { priorityClassName: high, ...node, containers: [main] }
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec })
}

async function leave(): Promise<void> {
  await kubectl(['delete', 'pod', high, '--grace-period=0', '--force', '--ignore-not-found'])
  await kubectl(['delete', 'priorityclass', high, '--ignore-not-found'])
}

/** @param registry `HOST:PORT` */
export const harmfulEnds = (registry: string): Record<string, HarmfulEnd> => ({
  preempted: {
    about: 'makes room for a pod of higher priority',
    main: { command: hold, resources: { requests: { cpu: '1' } } },
    pod: node,
    act: () => crowdOut(registry),
    undo: leave,
    expected: { state: 'lost', reason: 'preempted', userCode: 'started' },
  },
  'node-silent': {
    about: 'its kubelet is killed while main runs',
    main: { command: hold },
    pod: node,
    act: () => stopDaemon('kubelet2'),
    when: ({ reason }) => reason === 'node_lost',
    undo: () => restartDaemon('kubelet2'),
    expected: { state: 'running', reason: 'node_lost', userCode: 'started' },
  },
  'node-silent-deleted': {
    about: 'its kubelet is killed, and its pod deleted by the taint of that',
    main: { command: hold },
    pod: node,
    act: async (pods, name) => {
      await stopDaemon('kubelet2')
      await pods.when(name, (_verdict, { metadata }) => metadata['deletionTimestamp'] !== undefined)
    },
    when: ({ reason }) => reason === 'node_lost',
    undo: () => restartDaemon('kubelet2'),
    expected: { state: 'running', reason: 'node_lost', userCode: 'started' },
  },
})
