/** Takes away all that a product has in a cluster, when it is there no longer: nobody else would take the finalizers of its pods away. */
import { setTimeout as pause } from 'node:timers/promises'
import type { ClusterSettings } from '#server/config/clusters.ts'
import { finalizer } from '#server/domain/pod/names.ts'
import type { ClusterClient, PodObject, PodSelection } from './cluster-client.ts'
import { ClusterError } from './cluster-error.ts'
import { Leftovers } from './leftovers.ts'
import { ownPods } from './own-pods.ts'
import type { Deployments } from './warm-pool/deployments.ts'
import { ownWorkers, removePools } from './warm-pool/remove-pools.ts'

/** ms between two looks. */
const lookMs = 500

/** Seconds that the code of a task has to end. */
const graceSeconds = 10

const page = 500

async function podsIn(client: ClusterClient, namespace: string, selector: string): Promise<PodObject[]> {
  const all: PodObject[] = []
  let next: string | undefined
  do {
    const read = await client.listPods({ namespace, selector }, { limit: page, next })
    all.push(...read.pods)
    next = read.next ?? undefined
  } while (next !== undefined)
  return all
}

/** One that is another's by its name meanwhile is not ours to end. */
async function end(client: ClusterClient, { metadata }: PodObject): Promise<void> {
  const { uid } = metadata
  try {
    await client.deletePod(metadata, { uid, graceSeconds })
    await client.removeFinalizer(metadata, { uid, finalizer })
  } catch (error) {
    if (!(error instanceof ClusterError && error.code === 'conflict')) throw error
  }
}

export interface Left {
  ended: number
  /** Names of those that are still there, since their node does not answer: no finalizer holds them. */
  behind: string[]
}

/**
 * Ends the pods of each team, and waits until none is left but those of dead nodes. Attempts of theirs are lost, and tried again by a
 * product that has the same database.
 * @throws ClusterError
 */
export async function leaveCluster(
  { client, deployments }: { client: ClusterClient; deployments: Deployments },
  cluster: ClusterSettings,
  teams: readonly string[],
): Promise<Left> {
  // What would make their pods anew goes first.
  await removePools(deployments, cluster, teams)
  const selectors = [ownPods(cluster), ownWorkers(cluster)]
  const places = [...new Set(teams.map((team) => cluster.namespaceOf(team)))].flatMap((namespace) =>
    selectors.map((selector) => ({ namespace, selector })),
  )
  const all = await Promise.all(places.map((place) => leave(client, place)))
  return {
    ended: all.reduce((sum, { ended }) => sum + ended, 0),
    behind: all.flatMap(({ behind }) => behind),
  }
}

async function leave(client: ClusterClient, { namespace, selector }: PodSelection): Promise<Left> {
  const ended = new Set<string>()
  const leftovers = new Leftovers()
  for (;;) {
    const pods = await podsIn(client, namespace, selector)
    // Each is asked for: the time of all of them runs from now.
    if (pods.map(({ metadata }) => leftovers.isLeft(metadata)).every(Boolean)) {
      const behind = pods.map(({ metadata }) => metadata.name)
      return { ended: ended.size - behind.length, behind }
    }
    for (const pod of pods) {
      if (ended.has(pod.metadata.uid)) continue
      await end(client, pod)
      ended.add(pod.metadata.uid)
    }
    await pause(lookMs)
  }
}
