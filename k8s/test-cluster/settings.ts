/** Names, versions and addresses of the cluster that tests start, and the folders it is in. */
import { homedir } from 'node:os'
import { join } from 'node:path'
import { ClusterError } from './cluster-error.ts'

/** The current minor version and the oldest that is supported, by the exact version that stands for each. */
export const versions = { '1.35': '1.35.4', '1.33': '1.33.13' } as const
export type Minor = keyof typeof versions
export const minors = Object.keys(versions) as Minor[]

/** What is downloaded and built is kept here; it may be removed at any time while no cluster is up. */
export const cache = join(homedir(), '.cache/dagbok/test-cluster')

/** How many clusters may be up at once, each with a number. */
const mostClusters = 8

/** `DAGBOK_TEST_CLUSTER`: the number of the cluster that is meant, 0 without it. */
function thisOne(): number {
  const text = process.env.DAGBOK_TEST_CLUSTER ?? '0'
  const number = Number(text)
  if (!/^\d$/.test(text) || number >= mostClusters)
    throw new ClusterError(
      `DAGBOK_TEST_CLUSTER is ${JSON.stringify(text)}: it is a number from 0 to ${mostClusters - 1}`,
    )
  return number
}
const number = thisOne()
const suffix = number === 0 ? '' : `-${number}`

/** All that a cluster writes; `down` removes it. */
export const state = `/var/lib/dagbok-test-cluster${suffix}`

/** The addresses of pods are reached from the machine: each cluster has its own. */
const podPrefix = `10.${220 + number}`

/**
 * A cluster is in a network of its own. It is joined to the machine by one cable with these two ends, and to nothing
 * else: a pod reaches the machine at `host`, and nowhere else outside the cluster.
 */
export const network = {
  cable: `dagbok-k8s${suffix}`,
  host: `10.215.${number}.1`,
  cluster: `10.215.${number}.2`,
  bridge: 'pods',
  /** The first two numbers of every pod's address. */
  podPrefix,
  pods: `${podPrefix}.0.0/16`,
  services: '10.214.0.0/16',
  /** The API server as pods know it. */
  apiService: '10.214.0.1',
} as const

export const apiPort = 6443
/** Of the registry that images are pulled from. */
export const registryPort = 5000
export const registry = `${network.cluster}:${registryPort}`

/** The address of a node, on the bridge; node 1's is the bridge's own. */
export const nodeAddress = (n: number): string => `${podPrefix}.0.${n}`
export const nodeName = (n: number): string => `node${n}`
export const mostNodes = 3

/** Seconds after which a silent node counts as lost, and then until its pods are taken off it: both short, for tests. */
export const lost = { graceSeconds: 16, unreachableSeconds: 10 }

/** Where in each hierarchy of control groups the pods of a node are. */
export const cgroupOf = (n: number): string => `dagbok-test${suffix}-${nodeName(n)}`

/** Folders that daemons write to by a name nobody can change: inside, each is an empty one that goes with the cluster. */
export const privateFolders = ['/run', '/var/lib/cni', '/var/lib/kubelet', '/var/log/containers']

/** Settings of the machine that a kubelet changes: `down` puts them back. */
export const changedSettings = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
]
