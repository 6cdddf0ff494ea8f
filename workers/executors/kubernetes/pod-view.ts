/**
 * The pods of a selection as a list and the events after it tell. Events may come twice, late, or in another order: of two
 * words about a pod, the one with the higher version counts. Kubernetes' versions of one resource are ordered numbers.
 */
import { shapeOf, textOf } from '#server/domain/pod/observed.ts'
import type { PodEvent, PodObject } from './cluster-client.ts'

/** `NAMESPACE/NAME`. */
export const keyOf = ({ metadata }: PodObject): string => `${metadata.namespace}/${metadata.name}`

const decimal = /^\d+$/
/** Whether `a` is certainly before `b`. Of versions that are no numbers nothing is known. */
function isBefore(a: string, b: string): boolean {
  if (!decimal.test(a) || !decimal.test(b)) return false
  return a.length === b.length ? a < b : a.length < b.length
}

const versionOf = ({ metadata }: PodObject) => metadata.resourceVersion
const isDeleted = ({ metadata }: PodObject) => metadata['deletionTimestamp'] !== undefined
const isHeld = ({ metadata: { finalizers } }: PodObject) => Array.isArray(finalizers) && finalizers.length > 0
const hasSucceeded = (pod: PodObject) => textOf(shapeOf(pod['status'])['phase']) === 'Succeeded'

export class PodView {
  /** By key. */
  #pods: ReadonlyMap<string, PodObject> = new Map()
  /**
   * By key, of pods that had succeeded before anybody asked for their deletion: how they were then. Which of the two came first is
   * told by nothing else but times of two clocks, and by events.
   */
  readonly #succeeded = new Map<string, PodObject>()
  /** Versions at which pods went, since the last list: a late word of before does not bring them back. */
  #gone = new Map<string, string>()
  /** Of the last list: what happened up to then is in it. */
  #listed = ''
  /** The version up to which everything has been told. */
  #version = ''

  get pods(): ReadonlyMap<string, PodObject> {
    return this.#pods
  }
  /** How a pod is as far as its own end goes, as long as something holds it; undefined: it is not there. */
  seen(key: string): PodObject | undefined {
    const now = this.#pods.get(key)
    return now === undefined || !isHeld(now) ? now : (this.#succeeded.get(key) ?? now)
  }
  get version(): string {
    return this.#version
  }

  /** Puts a whole list in the place of what was known. @returns keys of pods that came, went or changed */
  replace(pods: readonly PodObject[], version: string): string[] {
    const [before, now] = [this.#pods, new Map(pods.map((pod) => [keyOf(pod), pod]))]
    for (const key of this.#succeeded.keys()) if (!now.has(key)) this.#succeeded.delete(key)
    for (const [key, pod] of now) this.#note(key, before.get(key), pod)
    this.#pods = now
    this.#gone = new Map()
    this.#listed = version
    this.#version = version
    const changed = [...now].filter(([key, pod]) => {
      const known = before.get(key)
      return known === undefined || versionOf(known) !== versionOf(pod)
    })
    return [...changed.map(([key]) => key), ...[...before.keys()].filter((key) => !now.has(key))]
  }

  /** @returns the key of the pod that it changed; null: it told nothing new */
  apply(event: PodEvent): string | null {
    if (event.kind === 'bookmark') {
      this.#reach(event.resourceVersion)
      return null
    }
    const { pod, kind } = event
    const [key, version] = [keyOf(pod), versionOf(pod)]
    this.#reach(version)
    const known = this.#pods.get(key)
    // A pod that is not known of was not there at the last list, or has come since.
    const last = (known === undefined ? this.#gone.get(key) : versionOf(known)) ?? this.#listed
    if (last === version || isBefore(version, last)) return null
    const pods = this.#pods as Map<string, PodObject>
    if (kind === 'put') {
      this.#note(key, known, pod)
      pods.set(key, pod)
    } else {
      pods.delete(key)
      this.#succeeded.delete(key)
      this.#gone.set(key, version)
    }
    return key
  }

  #note(key: string, before: PodObject | undefined, now: PodObject): void {
    const { uid } = now.metadata
    if (this.#succeeded.has(key) && this.#succeeded.get(key)?.metadata.uid !== uid)
      this.#succeeded.delete(key)
    if (!isDeleted(now) || before === undefined || before.metadata.uid !== uid) return
    if (!isDeleted(before) && hasSucceeded(before)) this.#succeeded.set(key, before)
  }

  #reach(version: string): void {
    if (!isBefore(version, this.#version)) this.#version = version
  }
}
