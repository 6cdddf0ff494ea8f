/** How a cluster of the settings is reached. */
import { existsSync } from 'node:fs'
import { KubeConfig } from '@kubernetes/client-node'
import type { ClusterSettings } from '#server/config/clusters.ts'
import { Calls } from './calls.ts'
import { ClusterClient } from './cluster-client.ts'
import { Deployments } from './warm-pool/deployments.ts'
import { Login, unusable, wireOf } from './wire.ts'

/** What the kubelet gives the pods of a service account. */
const accountToken = '/var/run/secrets/kubernetes.io/serviceaccount/token'

/** @throws Error with a reason when there is none, or it has no such context */
function load({ kubeconfig, context }: Pick<ClusterSettings, 'kubeconfig' | 'context'>): KubeConfig {
  const config = new KubeConfig()
  if (kubeconfig !== null) config.loadFromFile(kubeconfig)
  else if (context === null && existsSync(accountToken)) config.loadFromCluster()
  else config.loadFromDefault()
  if (context !== null) {
    if (config.getContextObject(context) === null) throw new Error(`it has no context '${context}'`)
    config.setCurrentContext(context)
  }
  return config
}

/** Calls at a cluster of the settings. Asks nobody yet. */
export const callsOf = (cluster: Pick<ClusterSettings, 'kubeconfig' | 'context'>): Calls =>
  new Calls(wireOf(new Login(() => load(cluster))))

/** Where its API server is, as its kubeconfig has it now. @throws ClusterError `config` */
export function serverOf(cluster: Pick<ClusterSettings, 'kubeconfig' | 'context'>): string {
  try {
    const { server } = load(cluster).getCurrentCluster() ?? {}
    if (server === undefined) throw new Error('it has no current context, or that names no cluster')
    return server
  } catch (cause) {
    throw unusable(cause)
  }
}

/** Files of it that give rights in a cluster: what only works on the files of a repository must not see them. */
export function filesOf(cluster: Pick<ClusterSettings, 'kubeconfig' | 'context'>): string[] {
  const own = cluster.kubeconfig === null ? [] : [cluster.kubeconfig]
  try {
    return [...own, ...load(cluster).users.flatMap(({ keyFile }) => keyFile ?? [])]
  } catch {
    // What cannot be used is said where it is used.
    return own
  }
}

/** Asks nobody yet. */
export const deploymentsOf = (cluster: ClusterSettings): Deployments => new Deployments(callsOf(cluster))

/** Asks nobody yet. */
export const clusterClient = (cluster: ClusterSettings): ClusterClient =>
  new ClusterClient(callsOf(cluster), { perSecond: cluster.creations, burst: cluster.creations })
