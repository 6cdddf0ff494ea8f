/** What the pods of an image's workers are, and what becomes of the attempts of those that are gone. */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { liveAttemptsOf } from '#db/queries/pod.ts'
import { noteImages } from '#db/queries/version-image.ts'
import { workersOfToken } from '#db/queries/warm-pool.ts'
import { workerStopped } from '#db/queries/worker.ts'
import { holdingBack } from '#server/domain/pod/holding.ts'
import { digestOf } from '#server/domain/pod/image-digest.ts'
import { readEvents, readPod, shapeOf, textOf } from '#server/domain/pod/observed.ts'
import type { WarmFacts } from '#server/domain/pod/warm-deployment.ts'
import { machineOf } from '#server/domain/words.ts'
import { attemptEnd, type AttemptSink } from '../../executor.ts'
import type { ClusterClient, PodObject } from '../cluster-client.ts'
import { ClusterError } from '../cluster-error.ts'

export interface WorkerPodsOptions {
  cluster: string
  client: Pick<ClusterClient, 'listPods' | 'eventsOf' | 'deletePod'>
  db: Database
  sink: Pick<AttemptSink, 'ended'>
  log: Logger
}

/** Whose workers: of one Deployment. */
export interface Crowd {
  namespace: string
  selector: string
  facts: WarmFacts
}

const phaseOf = (pod: PodObject) => textOf(shapeOf(pod['status'])['phase'])
/** Kubernetes keeps a pod that it has evicted: nothing runs in it any more. */
const isOver = (pod: PodObject) => phaseOf(pod) === 'Failed' || phaseOf(pod) === 'Succeeded'

export class WorkerPods {
  readonly #options: WorkerPodsOptions
  /** Versions and images whose digest is written. */
  readonly #noted = new Set<string>()

  constructor(options: WorkerPodsOptions) {
    this.#options = options
  }

  /**
   * Looks at the pods of one Deployment: ends the attempts of workers whose pods are gone, and clears away pods that are over.
   * @returns why one of them does not come to work, in a sentence; null: nothing is known to be wrong
   */
  async look({ namespace, selector, facts }: Crowd, signal: AbortSignal): Promise<string | null> {
    const { client, db } = this.#options
    // First who is there: one that comes afterwards has a pod that is in no list before.
    const workers = await workersOfToken(db, facts.tokenId)
    const pods: PodObject[] = []
    let next: string | undefined
    do {
      const page = await client.listPods({ namespace, selector }, { limit: 500, next, signal })
      pods.push(...page.pods)
      next = page.next ?? undefined
    } while (next !== undefined)
    const living = pods.filter((pod) => !isOver(pod))
    const names = new Set(living.map(({ metadata }) => metadata.name))
    for (const one of workers) if (!names.has(machineOf(one.host))) await this.#lost(one)
    for (const pod of pods) if (isOver(pod)) await this.#clear(pod, signal)
    await this.#note(living, facts)
    return this.#heldBack(living, signal)
  }

  async #lost({ id, host }: { id: string; host: string }): Promise<void> {
    const { db, sink } = this.#options
    const end = attemptEnd('lost', 'worker_lost', `The pod of its worker is gone: ${machineOf(host)}.`)
    for (const { token } of await liveAttemptsOf(db, id)) await sink.ended(token, end)
    await workerStopped(db, id)
  }

  async #clear({ metadata }: PodObject, signal: AbortSignal): Promise<void> {
    try {
      await this.#options.client.deletePod(metadata, { uid: metadata.uid }, signal)
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === 'conflict')) throw error
    }
  }

  /** What was pulled for a version is what its later runs get (N10). */
  async #note(pods: readonly PodObject[], { image, versionId }: WarmFacts): Promise<void> {
    if (versionId === null || this.#noted.has(`${versionId} ${image}`)) return
    for (const pod of pods) {
      const digest = digestOf(image, imageIdOf(pod))
      if (digest === null) continue
      await noteImages(this.#options.db, versionId, this.#options.cluster, [{ image, digest }])
      this.#noted.add(`${versionId} ${image}`)
      return
    }
  }

  async #heldBack(pods: readonly PodObject[], signal: AbortSignal): Promise<string | null> {
    const { client, log } = this.#options
    for (const pod of pods) {
      const seen = readPod(pod)
      if (seen === null || seen.deletion !== null || seen.main?.state.kind === 'running') continue
      const { namespace, uid } = pod.metadata
      const events = await client.eventsOf(namespace, uid, signal).catch((error: unknown) => {
        if (error instanceof ClusterError && error.code === 'forbidden') {
          log.warn({ err: error, namespace }, 'the events of pods cannot be read')
          return []
        }
        throw error
      })
      const held = holdingBack(seen, readEvents(events, uid))
      if (held !== null) return held.message
    }
    return null
  }
}

/** Of the image that `main` runs. */
function imageIdOf(pod: PodObject): string | null {
  const statuses = shapeOf(pod['status'])['containerStatuses']
  const main = (Array.isArray(statuses) ? statuses : []).find((one) => shapeOf(one)['name'] === 'main')
  return textOf(shapeOf(main)['imageID'])
}
