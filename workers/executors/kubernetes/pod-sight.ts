/** What is seen of a pod: as the watch heard of it, or by a read of it with its events; without secrets of its team. */
import type { Logger } from 'pino'
import type { Seen } from '#server/domain/pod/attempt-facts.ts'
import type { Remembered } from './attempt-memory.ts'
import type { ClusterClient, PodObject, PodRef } from './cluster-client.ts'
import { knownEvents } from './known-events.ts'
import type { KnownPod, PodSecrets } from './pod-secrets.ts'
import { toldOf } from './quiet-pods.ts'

interface Options {
  client: Pick<ClusterClient, 'getPod' | 'eventsOf'>
  secrets: Pick<PodSecrets, 'without'>
  log: Logger
  /** A pod as the watch heard of it last. */
  viewed: (ref: PodRef) => PodObject | null
}

export interface How {
  /** By a read, and not by what was heard. */
  isFresh: boolean
  /** Nobody can have made what nobody was asked for. */
  isUnmade: boolean
  /** Made in this look, and perhaps not heard of by the watch yet. */
  made: PodObject | null
  own: Remembered
}

export class PodSight {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** @param known null: nobody has an attempt of its name any more. @throws ClusterError; the signal's reason */
  async see(ref: PodRef, known: KnownPod | null, how: How, signal: AbortSignal): Promise<Seen> {
    const seen = await this.#see(ref, known?.handle.uid ?? null, how, signal)
    return known === null ? seen : this.#options.secrets.without(known, how.own, seen)
  }

  async #see(
    ref: PodRef,
    known: string | null,
    { isFresh, isUnmade, made, own }: How,
    signal: AbortSignal,
  ): Promise<Seen> {
    const { client, viewed } = this.#options
    const pod = isFresh ? await client.getPod(ref, signal) : (viewed(ref) ?? made)
    const uid = pod?.metadata.uid ?? known
    const events =
      isFresh && uid !== null
        ? await knownEvents(this.#options, ref.namespace, uid, signal)
        : toldOf(own, pod)
    return pod === null
      ? { kind: 'absent', events, isFresh: isFresh || isUnmade }
      : { kind: 'pod', pod, events, isFresh }
  }
}
