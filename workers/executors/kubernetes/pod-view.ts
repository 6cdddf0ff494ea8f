/**
 * The pods of a selection as a list and the events after it tell. Events may come twice, late, or in another order: of two
 * words about a pod, the one with the higher version counts. Kubernetes' versions of one resource are ordered numbers.
 */
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

export class PodView {
  /** By key. */
  #pods: ReadonlyMap<string, PodObject> = new Map()
  /** Versions at which pods went, since the last list: a late word of before does not bring them back. */
  #gone = new Map<string, string>()
  /** Of the last list: what happened up to then is in it. */
  #listed = ''
  /** The version up to which everything has been told. */
  #version = ''

  get pods(): ReadonlyMap<string, PodObject> {
    return this.#pods
  }
  get version(): string {
    return this.#version
  }

  /** Puts a whole list in the place of what was known. @returns keys of pods that came, went or changed */
  replace(pods: readonly PodObject[], version: string): string[] {
    const [before, now] = [this.#pods, new Map(pods.map((pod) => [keyOf(pod), pod]))]
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
    if (kind === 'put') pods.set(key, pod)
    else {
      pods.delete(key)
      this.#gone.set(key, version)
    }
    return key
  }

  #reach(version: string): void {
    if (!isBefore(version, this.#version)) this.#version = version
  }
}
