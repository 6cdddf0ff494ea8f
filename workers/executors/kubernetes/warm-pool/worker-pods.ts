/** What the pods of an image's workers are, and what becomes of the attempts of those that are gone. */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { liveAttemptsOf } from '#db/queries/pod.ts'
import { noteImages } from '#db/queries/version-image.ts'
import type { WarmWorker } from '#db/queries/warm-pool.ts'
import { workerStopped } from '#db/queries/worker.ts'
import { failureWords } from '#server/domain/pod/container-end.ts'
import { holdingBack } from '#server/domain/pod/holding.ts'
import { digestOf } from '#server/domain/pod/image-digest.ts'
import { readEvents, readPod, shapeOf, textOf, type ObservedPod } from '#server/domain/pod/observed.ts'
import type { WarmFacts } from '#server/domain/pod/warm-deployment.ts'
import { machineOf } from '#server/domain/words.ts'
import { attemptEnd, type AttemptSink } from '../../executor.ts'
import type { ClusterClient, PodObject, PodSelection } from '../cluster-client.ts'
import { ClusterError } from '../cluster-error.ts'
import { knownEvents } from '../known-events.ts'

export interface WorkerPodsOptions {
  cluster: string
  client: Pick<ClusterClient, 'listPods' | 'eventsOf' | 'deletePod' | 'annotatePod'>
  db: Database
  sink: Pick<AttemptSink, 'ended'>
  /** Told of each worker whose pod is gone: nothing more is to be handed to it. */
  workerGone: (workerId: string) => void
  log: Logger
}

/** Pods of one Deployment that are asked for their events at a look: what holds one holds the others, mostly. */
const mostAsked = 3
/** By it Kubernetes chooses which pods go first where there are to be fewer: those that cost least. */
const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost'

const phaseOf = (pod: PodObject) => textOf(shapeOf(pod['status'])['phase'])
/** Kubernetes keeps a pod that it has evicted: nothing runs in it any more. */
const isOver = (pod: PodObject) => phaseOf(pod) === 'Failed' || phaseOf(pod) === 'Succeeded'

/** Of the image that `main` runs. */
function imageIdOf(pod: PodObject): string | null {
  const statuses = shapeOf(pod['status'])['containerStatuses']
  const main = (Array.isArray(statuses) ? statuses : []).find((one) => shapeOf(one)['name'] === 'main')
  return textOf(shapeOf(main)['imageID'])
}

export class WorkerPods {
  readonly #options: WorkerPodsOptions
  /** Versions and images whose digest is written. */
  readonly #noted = new Set<string>()

  constructor(options: WorkerPodsOptions) {
    this.#options = options
  }

  /**
   * Looks at pods of workers: ends the attempts of those whose pods are gone, and clears away pods that are over.
   * @param workers that came before this look
   * @returns those that are there
   */
  async look(
    place: PodSelection,
    workers: readonly WarmWorker[],
    signal: AbortSignal,
  ): Promise<readonly PodObject[]> {
    const { client } = this.#options
    const pods: PodObject[] = []
    let next: string | undefined
    do {
      const page = await client.listPods(place, { limit: 500, next, signal })
      pods.push(...page.pods)
      next = page.next ?? undefined
    } while (next !== undefined)
    const living = pods.filter((pod) => !isOver(pod))
    const names = new Set(living.map(({ metadata }) => metadata.name))
    for (const one of workers) if (!names.has(machineOf(one.host))) await this.#lost(one)
    for (const pod of pods) if (isOver(pod)) await this.#clear(pod, signal)
    return living
  }

  async #lost({ id, host }: WarmWorker): Promise<void> {
    const { db, sink, workerGone } = this.#options
    await workerStopped(db, id)
    workerGone(id)
    const end = attemptEnd('lost', 'worker_lost', `The pod of its worker is gone: ${machineOf(host)}.`)
    for (const { token } of await liveAttemptsOf(db, id)) await sink.ended(token, end)
  }

  async #clear({ metadata }: PodObject, signal: AbortSignal): Promise<void> {
    await orOther(this.#options.client.deletePod(metadata, { uid: metadata.uid }, signal))
  }

  /** Where there are to be fewer, those go first that hold least. */
  async rank(pods: readonly PodObject[], workers: readonly WarmWorker[], signal: AbortSignal): Promise<void> {
    const held = new Map(workers.map((one) => [machineOf(one.host), one.held]))
    for (const { metadata } of pods) {
      const annotations = { [costAnnotation]: String(held.get(metadata.name) ?? 0) }
      await orOther(this.#options.client.annotatePod(metadata, { uid: metadata.uid, annotations }, signal))
    }
  }

  /** What was pulled for a version is what its later runs get (N10). */
  async note(pods: readonly PodObject[], { image, versionId }: WarmFacts): Promise<void> {
    if (versionId === null || this.#noted.has(`${versionId} ${image}`)) return
    const digest = pods.map((pod) => digestOf(image, imageIdOf(pod))).find((one) => one !== null)
    if (digest == null) return
    await noteImages(this.#options.db, versionId, this.#options.cluster, [{ image, digest }])
    this.#noted.add(`${versionId} ${image}`)
  }

  /** Why one of them does not come to work, in a sentence; null: nothing is known to be wrong. */
  async heldBack(pods: readonly PodObject[], signal: AbortSignal): Promise<string | null> {
    const waiting = pods.flatMap(({ metadata, ...pod }) => {
      const seen = readPod({ metadata, ...pod })
      return seen === null || isWell(seen) ? [] : [{ seen, metadata }]
    })
    for (const { seen, metadata } of waiting.slice(0, mostAsked)) {
      const { namespace, uid } = metadata
      const held = holdingBack(
        seen,
        readEvents(await knownEvents(this.#options, namespace, uid, signal), uid),
      )
      // An attempt's container that has ended is no longer waited for; one of these is started again.
      const why = held?.message ?? (seen.main === null ? null : failureWords(seen.main))
      if (why !== null) return why
    }
    return null
  }
}

const isWell = ({ deletion, main }: ObservedPod) => deletion !== null || main?.state.kind === 'running'

/** Another pod by its name, or none, is no fault. */
async function orOther(work: Promise<unknown>): Promise<void> {
  try {
    await work
  } catch (error) {
    if (!(error instanceof ClusterError && ['conflict', 'not_found'].includes(error.code))) throw error
  }
}
