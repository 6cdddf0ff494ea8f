/** The product beside a test cluster whose pods reach it. */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { down } from '#k8s/test-cluster/down.ts'
import { kubeconfigOf } from '#k8s/test-cluster/keys.ts'
import { network } from '#k8s/test-cluster/settings.ts'
import { clusterState } from '#k8s/test-cluster/state.ts'
import { up } from '#k8s/test-cluster/up.ts'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { ClusterError } from '#workers/executors/kubernetes/cluster-error.ts'
import { callsOf } from '#workers/executors/kubernetes/kubeconfig.ts'
import { freePort } from '../harness/free-port.ts'
import { keptFolder, startProduct, type Product } from '../harness/product.ts'

export const namespace = 'dagbok-main'

/** The namespace of the pods; one that is there serves. */
async function makeNamespace(calls: Calls): Promise<void> {
  const value = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }
  const body = { type: 'application/json', value }
  await calls
    .json({ method: 'POST', path: '/api/v1/namespaces', body, withinMs: 60_000 })
    .catch((error: unknown) => {
      if (!(error instanceof ClusterError && error.code === 'already_exists')) throw error
    })
}

/** A cluster, the one that is up or one that is ended with the work. @throws ClusterError where there can be none */
export async function onCluster<T>(nodes: number, work: (calls: Calls) => Promise<T>): Promise<T> {
  const before = await clusterState()
  await up(before ?? { minor: '1.35', nodes }, (text) => console.error(text))
  try {
    const calls = callsOf({ kubeconfig: kubeconfigOf('admin'), context: null })
    await makeNamespace(calls)
    return await work(calls)
  } finally {
    if (before === null) await down()
  }
}

/** The product. @param cluster what its settings say of the cluster, beside where it is */
export async function withProduct<T>(
  cluster: Record<string, string | number>,
  work: (product: Product) => Promise<T>,
): Promise<T> {
  const folder = await keptFolder()
  const port = await freePort()
  const address = `http://${network.host}:${port}`
  const clusters = join(folder.path, 'clusters.yaml')
  const settings = {
    DAGBOK_CLUSTERS_FILE: clusters,
    HOST: network.host,
    NEXTAUTH_URL: address,
    DAGBOK_ALLOW_PROCESS: '1',
  }
  const one = { kubeconfig: kubeconfigOf('admin'), address, ...cluster }
  await writeFile(clusters, JSON.stringify({ instance: 'bench', clusters: { default: one } }))
  try {
    const product = await startProduct({ seed: false, folder: folder.path, port, settings })
    try {
      return await work(product)
    } finally {
      await product.stop()
    }
  } finally {
    await folder.remove()
  }
}
