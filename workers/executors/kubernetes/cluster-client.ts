/**
 * What Dagbok needs of an API server, and no more: pods, their events and their logs, secrets for them. Every call has a bound, obeys `Retry-After`,
 * and fails with a `ClusterError` of a closed set of codes; creation is rate-limited.
 */
import { z } from 'zod'
import type { Ask, Calls } from './calls.ts'
import { ClusterError, errorOfStatus } from './cluster-error.ts'
import { CreationRate, type Rate } from './creation-rate.ts'
import { jsonLines } from './json-lines.ts'

/** What is read of every object here; all else of it is kept as it came. */
const objectSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    resourceVersion: z.string(),
  }),
})
export type PodObject = z.infer<typeof objectSchema>

const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string(), continue: z.string().optional() }),
  // Of an empty list Go may write null.
  items: z.array(objectSchema).nullable(),
})
const versionSchema = z.looseObject({ gitVersion: z.string().max(100) })
const bookmarkSchema = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) })
const eventSchema = z.looseObject({ type: z.string(), object: z.unknown() })

export interface PodPage {
  pods: PodObject[]
  resourceVersion: string
  /** For the next page; null: this was the last. */
  next: string | null
}

export type PodEvent =
  | { kind: 'put' | 'gone'; pod: PodObject }
  /** Everything up to this version has been sent. */
  | { kind: 'bookmark'; resourceVersion: string }

/** Whose pods: of one namespace, by a label selector. */
export interface PodSelection {
  namespace: string
  selector: string
}

export interface PodRef {
  namespace: string
  name: string
}

export interface LogAsk {
  container: string
  follow: boolean
  /** Of the container before its last restart. */
  previous?: boolean
  /** RFC 3339, whole seconds: lines from this second on. */
  sinceTime?: string
  tailLines?: number
  /** Bytes. */
  limitBytes?: number
  /** ms for which nothing may come: then it is asked again, since a stream that is cut off far away says nothing. */
  silentMs?: number
  signal?: AbortSignal
}

/** ms. */
const callMs = 15_000
/** For a page: a list that hangs once still leaves the next one within the minute. */
const listMs = 10_000
const silentLogMs = 600_000

function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const [issue] = result.error.issues
  const where = issue === undefined ? '' : ` at ${issue.path.join('.')}`
  throw new ClusterError('bad_answer', `The API server sent an object of another shape${where}.`)
}

/** Who has written which field is as long as the pod, and nobody asks for it. */
function slim(pod: PodObject): PodObject {
  delete pod.metadata['managedFields']
  return pod
}

function eventOf(value: unknown): PodEvent | null {
  const { type, object } = parsed(eventSchema, value)
  if (type === 'ERROR') {
    const { code } = (object ?? {}) as { code?: unknown }
    throw errorOfStatus(typeof code === 'number' ? code : 500, object, null)
  }
  if (type === 'BOOKMARK')
    return { kind: 'bookmark', resourceVersion: parsed(bookmarkSchema, object).metadata.resourceVersion }
  if (type === 'ADDED' || type === 'MODIFIED') return { kind: 'put', pod: slim(parsed(objectSchema, object)) }
  if (type === 'DELETED') return { kind: 'gone', pod: slim(parsed(objectSchema, object)) }
  return null
}

const podsOf = (namespace: string) => `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`
const pathOf = ({ namespace, name }: PodRef) => `${podsOf(namespace)}/${encodeURIComponent(name)}`

/** Tens of pods a second are what a scheduler of Kubernetes binds without effort. */
const usualRate: Rate = { perSecond: 20, burst: 20 }

export class ClusterClient {
  readonly #calls: Calls
  readonly #creations: CreationRate

  constructor(calls: Calls, rate: Rate = usualRate) {
    this.#calls = calls
    this.#creations = new CreationRate(calls.timing, rate)
  }

  /** One page, as of now and not of a cache. @param next of the page before. @throws ClusterError `gone` when that is too old */
  async listPods(
    { namespace, selector }: PodSelection,
    { limit, next, signal }: { limit?: number | undefined; next?: string | undefined; signal?: AbortSignal },
  ): Promise<PodPage> {
    const query = { labelSelector: selector, limit, continue: next }
    const list = parsed(listSchema, await this.#get(podsOf(namespace), query, listMs, signal))
    return {
      pods: (list.items ?? []).map(slim),
      resourceVersion: list.metadata.resourceVersion,
      next:
        list.metadata.continue === undefined || list.metadata.continue === '' ? null : list.metadata.continue,
    }
  }

  /**
   * What happens after a version, until the server ends it after `seconds`, or the signal does.
   * @param silentMs for which nothing may come
   * @throws ClusterError `gone` when the version is too old, `silent` when nothing comes, `bad_answer` for what cannot be read
   */
  async *watchPods(
    { namespace, selector }: PodSelection,
    ask: { resourceVersion: string; seconds: number; silentMs: number; signal?: AbortSignal },
  ): AsyncGenerator<PodEvent> {
    const query = {
      watch: true,
      allowWatchBookmarks: true,
      labelSelector: selector,
      resourceVersion: ask.resourceVersion,
      timeoutSeconds: Math.max(1, Math.ceil(ask.seconds)),
    }
    const call: Ask = { method: 'GET', path: podsOf(namespace), query, withinMs: callMs, signal: ask.signal }
    for await (const line of jsonLines(this.#calls.stream(call, ask.silentMs))) {
      const event = eventOf(line)
      if (event !== null) yield event
    }
  }

  /** What it is: `v1.33.2`. @throws ClusterError */
  async version(signal?: AbortSignal): Promise<string> {
    return parsed(versionSchema, await this.#get('/version', {}, callMs, signal)).gitVersion
  }

  /** null: it is not there, by a read that is not of a cache. */
  async getPod(ref: PodRef, signal?: AbortSignal): Promise<PodObject | null> {
    return this.#orGone(async () =>
      slim(parsed(objectSchema, await this.#get(pathOf(ref), {}, callMs, signal))),
    )
  }

  /** @throws ClusterError `already_exists` when one of this name is there: to be compared, and adopted if it is ours */
  async createPod(namespace: string, pod: unknown, signal?: AbortSignal): Promise<PodObject> {
    await this.#creations.turn(signal ?? new AbortController().signal)
    signal?.throwIfAborted()
    const body = { type: 'application/json', value: pod }
    const ask: Ask = { method: 'POST', path: podsOf(namespace), body, withinMs: callMs, signal }
    return slim(parsed(objectSchema, await this.#calls.json(ask)))
  }

  /** @throws ClusterError `already_exists` when one of this name is there */
  async createSecret(secret: { metadata: { namespace: string } }, signal?: AbortSignal): Promise<void> {
    const path = `/api/v1/namespaces/${encodeURIComponent(secret.metadata.namespace)}/secrets`
    const body = { type: 'application/json', value: secret }
    await this.#calls.json({ method: 'POST', path, body, withinMs: callMs, signal })
  }

  /**
   * Asks for the deletion of this very pod.
   * @returns whether it was there; it may stay for its grace, and for finalizers
   * @throws ClusterError `conflict` when another is there by its name
   */
  async deletePod(
    ref: PodRef,
    { uid, graceSeconds }: { uid: string; graceSeconds?: number },
    signal?: AbortSignal,
  ): Promise<boolean> {
    const value = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid },
      ...(graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds }),
    }
    const body = { type: 'application/json', value }
    const ask: Ask = { method: 'DELETE', path: pathOf(ref), body, withinMs: callMs, signal }
    return (await this.#orGone(() => this.#calls.json(ask))) !== null
  }

  /**
   * Takes a finalizer from this very pod, and no other of its finalizers.
   * @returns false: it is not there any more
   * @throws ClusterError `conflict` when another is there by its name
   */
  async removeFinalizer(
    ref: PodRef,
    { uid, finalizer }: { uid: string; finalizer: string },
    signal?: AbortSignal,
  ): Promise<boolean> {
    const value = { metadata: { uid, '$deleteFromPrimitiveList/finalizers': [finalizer] } }
    const body = { type: 'application/strategic-merge-patch+json', value }
    const ask: Ask = { method: 'PATCH', path: pathOf(ref), body, withinMs: callMs, signal }
    return (await this.#orGone(() => this.#calls.json(ask))) !== null
  }

  /** @returns false: it is not there any more. @throws ClusterError `conflict` when another is there by its name */
  async annotatePod(
    ref: PodRef,
    { uid, annotations }: { uid: string; annotations: Readonly<Record<string, string>> },
    signal?: AbortSignal,
  ): Promise<boolean> {
    const body = { type: 'application/merge-patch+json', value: { metadata: { uid, annotations } } }
    const ask: Ask = { method: 'PATCH', path: pathOf(ref), body, withinMs: callMs, signal }
    return (await this.#orGone(() => this.#calls.json(ask))) !== null
  }

  /** Events about a pod by its UID, whether it is there or not: an `EventList`, as `explain` takes it. */
  async eventsOf(namespace: string, uid: string, signal?: AbortSignal): Promise<unknown> {
    const query = { fieldSelector: `involvedObject.uid=${uid}`, limit: 500 }
    return this.#get(`/api/v1/namespaces/${encodeURIComponent(namespace)}/events`, query, callMs, signal)
  }

  /**
   * Bytes of a container's log, each line after its time (RFC 3339, nanoseconds), until the container ends if it is followed.
   * The kubelet cuts a stream off after four hours, and when it rotates: it is to be asked again from where it ended.
   * @throws ClusterError `invalid` while the container has not started, `not_found` when there is no such pod
   */
  readLog(
    ref: PodRef,
    { container, follow, previous, sinceTime, tailLines, limitBytes, silentMs, signal }: LogAsk,
  ) {
    const query = { container, follow, previous, timestamps: true, sinceTime, tailLines, limitBytes }
    const ask: Ask = { method: 'GET', path: `${pathOf(ref)}/log`, query, withinMs: callMs, signal }
    return this.#calls.stream(ask, silentMs ?? (follow ? silentLogMs : callMs))
  }

  #get(path: string, query: NonNullable<Ask['query']>, withinMs: number, signal: AbortSignal | undefined) {
    return this.#calls.json({ method: 'GET', path, query, withinMs, signal })
  }

  async #orGone<T>(work: () => Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (error instanceof ClusterError && error.code === 'not_found') return null
      throw error
    }
  }
}
