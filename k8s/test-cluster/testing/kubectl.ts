/** kubectl against the cluster that is up. */
import { join } from 'node:path'
import { ClusterError } from '../cluster-error.ts'
import { kubeconfigOf } from '../keys.ts'
import { run } from '../run.ts'
import { clusterState } from '../state.ts'

/** @returns what it printed. @throws ClusterError */
export async function kubectl(args: readonly string[], input?: object): Promise<string> {
  const now = await clusterState()
  if (now === null) throw new ClusterError('no cluster is up')
  const argv = [join(now.programs, 'kubectl'), '--kubeconfig', kubeconfigOf('admin'), ...args]
  return run(argv, input === undefined ? {} : { input: JSON.stringify(input) })
}

/** Makes what the manifest says. */
export const apply = (manifest: object): Promise<string> => kubectl(['create', '-f', '-'], manifest)

/** The JSON of an object. */
export const read = async <T>(kind: string, name: string, namespace = 'default'): Promise<T> =>
  JSON.parse(await kubectl(['get', kind, name, '-n', namespace, '-o', 'json'])) as T

/** Takes a pod off its node with its own grace: `kubectl drain` asks for no more. */
export const evict = (name: string, namespace: string): Promise<string> =>
  kubectl(['create', '--raw', `/api/v1/namespaces/${namespace}/pods/${name}/eviction`, '-f', '-'], {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
  })
