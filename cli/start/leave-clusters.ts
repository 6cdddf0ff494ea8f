/** `node cli/leave-clusters.mjs`: for a product that will not start again there, or not for a while. */
import { parseArgs } from 'node:util'
import { readClusters } from '#server/config/clusters.ts'
import { processSettings } from '#server/config/environment.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { ClusterError } from '#workers/executors/kubernetes/cluster-error.ts'
import { callsOf, clusterClient, deploymentsOf } from '#workers/executors/kubernetes/kubeconfig.ts'
import { leaveCluster } from '#workers/executors/kubernetes/leave-cluster.ts'
import { stopDeployment } from '#workers/executors/kubernetes/stop-deployment.ts'
import { orSaid } from './or-said.ts'

const usage = `usage: node cli/leave-clusters.mjs --team NAME [--team NAME …] [--cluster NAME] [--deployment NAMESPACE/NAME]

Ends the pods of the product's tasks on the clusters of DAGBOK_CLUSTERS_FILE, with their finalizers. The product must not run:
it would make them anew.

  --team NAME                  whose pods
  --cluster NAME               on this cluster only
  --deployment NAMESPACE/NAME  where the product runs in the cluster 'default': it is ended first`

interface Arguments {
  teams: string[]
  cluster: string | null
  deployment: { namespace: string; name: string } | null
}

function argumentsOf(given: string[]): Arguments {
  const option = { type: 'string' } as const
  const options = { team: { ...option, multiple: true }, cluster: option, deployment: option } as const
  try {
    const { team = [], cluster = null, deployment } = parseArgs({ args: given, options }).values
    if (team.length === 0) throw new Error('--team is missing.')
    const [namespace = '', name = ''] = (deployment ?? '/').split('/')
    if (deployment !== undefined && (namespace === '' || name === ''))
      throw new Error(`--deployment ${deployment} is not NAMESPACE/NAME.`)
    return { teams: team, cluster, deployment: deployment === undefined ? null : { namespace, name } }
  } catch (error) {
    throw new DagbokError('bad_input', `${(error as Error).message}\n\n${usage}`)
  }
}

const ofDeadNodes = (pods: readonly string[]): string =>
  pods.length === 0
    ? ''
    : ` The nodes of ${pods.join(', ')} do not answer: Kubernetes removes them when the nodes are back, or are removed.`

async function leave({ teams, cluster, deployment }: Arguments): Promise<void> {
  const all = readClusters(processSettings().DAGBOK_CLUSTERS_FILE ?? null)
  const chosen = all.filter(({ name }) => cluster === null || name === cluster)
  if (chosen.length === 0)
    throw new DagbokError(
      'bad_input',
      'DAGBOK_CLUSTERS_FILE names no such cluster, so there is none to leave.',
    )
  if (deployment !== null) {
    const own = all.find(({ name }) => name === 'default') ?? { kubeconfig: null, context: null }
    const behind = await stopDeployment(callsOf(own), deployment.namespace, deployment.name)
    console.log(`${deployment.name} is ended.${ofDeadNodes(behind)}`)
  }
  for (const one of chosen) {
    const { ended, behind } = await leaveCluster(
      { client: clusterClient(one), deployments: deploymentsOf(one) },
      one,
      teams,
    )
    const left = behind.length === 0 ? ', and none is left' : ''
    console.log(`${ended} pods of cluster ${one.name} are ended${left}.${ofDeadNodes(behind)}`)
  }
}

await orSaid(async () => {
  try {
    await leave(argumentsOf(process.argv.slice(2)))
  } catch (error) {
    if (error instanceof ClusterError) throw new DagbokError('unavailable', error.message, { cause: error })
    throw error
  }
})
