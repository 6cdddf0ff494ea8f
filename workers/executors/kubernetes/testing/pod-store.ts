/** The pods of an API server as a list and a watch show them: each change has a version, and old versions can be forgotten. */
import type { PodObject } from '../cluster-client.ts'

export interface Change {
  type: 'ADDED' | 'MODIFIED' | 'DELETED'
  version: number
  at: number
  pod: PodObject
}

export class PodStore {
  readonly #pods = new Map<string, PodObject>()
  readonly changes: Change[] = []
  readonly #listeners = new Set<(change: Change) => void>()
  #version = 1000
  /** Versions before this one are forgotten. */
  compacted = 0

  get version(): number {
    return this.#version
  }
  get names(): string[] {
    return [...this.#pods.keys()]
  }
  /** As they were at a version, by name. */
  at(version: number): PodObject[] {
    const found = new Map<string, PodObject>()
    for (const { type, pod, version: when } of this.changes) {
      if (when > version) break
      if (type === 'DELETED') found.delete(pod.metadata.name)
      else found.set(pod.metadata.name, pod)
    }
    return [...found.values()].toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1))
  }

  put(name: string, at: number): void {
    const known = this.#pods.get(name)
    this.#change(
      known === undefined ? 'ADDED' : 'MODIFIED',
      name,
      at,
      known?.metadata.uid ?? `uid-${this.#version}`,
    )
  }

  remove(name: string, at: number): void {
    const known = this.#pods.get(name)
    if (known !== undefined) this.#change('DELETED', name, at, known.metadata.uid)
  }

  /** @returns what ends it */
  listen(listener: (change: Change) => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  #change(type: Change['type'], name: string, at: number, uid: string): void {
    const version = ++this.#version
    const pod: PodObject = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: {
        name,
        namespace: 'team-a',
        uid,
        resourceVersion: String(version),
        // Characters of two, three and four bytes, so that chunks end within them.
        annotations: { 'dagbok.dev/task': `Größe ${'漢字'.repeat(3)} 🦉🦉` },
        managedFields: [{ manager: 'kubelet', fieldsV1: {} }],
      },
      status: { phase: 'Running' },
    }
    if (type === 'DELETED') this.#pods.delete(name)
    else this.#pods.set(name, pod)
    const change = { type, version, at, pod }
    this.changes.push(change)
    for (const listener of this.#listeners) listener(change)
  }
}
