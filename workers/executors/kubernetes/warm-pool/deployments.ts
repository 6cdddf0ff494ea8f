/** Deployments of a namespace, as far as workers of the pool need them. Every call has a bound. */
import { z } from 'zod'
import type { Calls } from '../calls.ts'
import { ClusterError } from '../cluster-error.ts'

const deploymentSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
    annotations: z.record(z.string(), z.string()).default({}),
    deletionTimestamp: z.string().optional(),
  }),
  spec: z.looseObject({
    replicas: z.number().int().default(1),
    template: z.looseObject({
      spec: z.looseObject({
        containers: z.array(
          z.looseObject({
            image: z.string().optional(),
            env: z.array(z.looseObject({ name: z.string(), value: z.string().optional() })).optional(),
          }),
        ),
      }),
    }),
  }),
  status: z
    .looseObject({
      replicas: z.number().int().default(0),
      readyReplicas: z.number().int().default(0),
      conditions: z
        .array(z.looseObject({ type: z.string(), status: z.string(), message: z.string().optional() }))
        .default([]),
    })
    .default({ replicas: 0, readyReplicas: 0, conditions: [] }),
})
export type DeploymentObject = z.infer<typeof deploymentSchema>
type Read = Pick<DeploymentObject['metadata'], 'namespace' | 'name' | 'uid' | 'resourceVersion'>

const listSchema = z.looseObject({ items: z.array(deploymentSchema).nullable() })

/** ms. */
const callMs = 15_000

const pathOf = (namespace: string, name = '') =>
  `/apis/apps/v1/namespaces/${encodeURIComponent(namespace)}/deployments${name === '' ? '' : `/${encodeURIComponent(name)}`}`

export class Deployments {
  readonly #calls: Calls

  constructor(calls: Calls) {
    this.#calls = calls
  }

  /** @throws ClusterError */
  async list(namespace: string, selector: string, signal?: AbortSignal): Promise<DeploymentObject[]> {
    const ask = { method: 'GET', path: pathOf(namespace), query: { labelSelector: selector } } as const
    const read = listSchema.safeParse(await this.#calls.json({ ...ask, withinMs: callMs, signal }))
    if (!read.success)
      throw new ClusterError('bad_answer', 'The API server sent Deployments of another shape.', {
        cause: read.error,
      })
    return read.data.items ?? []
  }

  /** @throws ClusterError `already_exists` when one of this name is there */
  async create(namespace: string, deployment: unknown, signal?: AbortSignal): Promise<void> {
    const body = { type: 'application/json', value: deployment }
    await this.#calls.json({ method: 'POST', path: pathOf(namespace), body, withinMs: callMs, signal })
  }

  /** A merge patch of what was read. @throws ClusterError `not_found`; `conflict` when it was changed since */
  async patch(
    { namespace, name, resourceVersion }: Read,
    { metadata = {}, ...value }: { metadata?: object; spec?: object },
    signal?: AbortSignal,
  ): Promise<void> {
    const all = { ...value, metadata: { ...metadata, resourceVersion } }
    const body = { type: 'application/merge-patch+json', value: all }
    await this.#calls.json({ method: 'PATCH', path: pathOf(namespace, name), body, withinMs: callMs, signal })
  }

  /** Ends what was read with its pods, which drain. One that is not there any more is none. @throws ClusterError `conflict` as above */
  async delete({ namespace, name, uid, resourceVersion }: Read, signal?: AbortSignal): Promise<void> {
    const value = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      propagationPolicy: 'Background',
    }
    const body = { type: 'application/json', value }
    try {
      await this.#calls.json({
        method: 'DELETE',
        path: pathOf(namespace, name),
        body,
        withinMs: callMs,
        signal,
      })
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === 'not_found')) throw error
    }
  }
}
