/** Ends the pods of a Deployment, and waits until they are gone. */
import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import type { Calls } from './calls.ts'
import { Leftovers } from './leftovers.ts'

/** ms. */
const callMs = 15_000
const lookMs = 500

const scaleSchema = z.looseObject({ status: z.looseObject({ selector: z.string().min(1) }) })
const podSchema = z.looseObject({ metadata: z.looseObject({ uid: z.string(), name: z.string() }) })
const listSchema = z.looseObject({ items: z.array(podSchema).nullable() })

/**
 * @param name in its namespace
 * @returns pods that are still there, since their node does not answer
 * @throws ClusterError `not_found` when there is no such Deployment
 */
export async function stopDeployment(calls: Calls, namespace: string, name: string): Promise<string[]> {
  const inside = encodeURIComponent(namespace)
  const path = `/apis/apps/v1/namespaces/${inside}/deployments/${encodeURIComponent(name)}/scale`
  const body = { type: 'application/merge-patch+json', value: { spec: { replicas: 0 } } }
  const { status } = scaleSchema.parse(await calls.json({ method: 'PATCH', path, body, withinMs: callMs }))
  const query = { labelSelector: status.selector }
  const ask = { method: 'GET', path: `/api/v1/namespaces/${inside}/pods`, query, withinMs: callMs } as const
  const leftovers = new Leftovers()
  for (;;) {
    const pods = listSchema.parse(await calls.json(ask)).items ?? []
    // Each is asked for: the time of all of them runs from now.
    if (pods.map(({ metadata }) => leftovers.isLeft(metadata)).every(Boolean))
      return pods.map(({ metadata }) => metadata.name)
    await pause(lookMs)
  }
}
