/** Secrets of teams, for tasks that are pods: an object of their cluster each, which no pod's manifest holds the values of (S6). */
import type { Logger } from 'pino'
import type { LiveAttempt } from '#db/queries/pod.ts'
import type { Json } from '#server/domain/json.ts'
import type { Seen } from '#server/domain/pod/attempt-facts.ts'
import { ownPrefix, specHashAnnotation } from '#server/domain/pod/names.ts'
import { shapeOf } from '#server/domain/pod/observed.ts'
import { explainRefusal } from '#server/domain/pod/refusal.ts'
import { secretObject } from '#server/domain/pod/secret-object.ts'
import type { SecretMatcher } from '#server/domain/secret/secret-matcher.ts'
import type { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import type { Remembered } from './attempt-memory.ts'
import type { ClusterClient, PodObject } from './cluster-client.ts'
import { ClusterError } from './cluster-error.ts'
import type { PodHandle } from './pod-handle.ts'

interface Options {
  client: Pick<ClusterClient, 'createSecret'>
  secrets: Pick<SecretsOfAttempts, 'values' | 'matcherOf'>
  log: Logger
}

/** An attempt that lives, with what is kept of its pod. */
export interface KnownPod {
  attempt: LiveAttempt
  handle: PodHandle
}

/** Whether it is the one that was asked for, and has not ended. */
function isWaiting({ metadata, status }: PodObject, attemptId: string, { specHash }: PodHandle): boolean {
  const annotations = shapeOf(metadata['annotations'])
  const { phase } = shapeOf(status)
  return (
    annotations[`${ownPrefix}attempt-id`] === attemptId &&
    annotations[specHashAnnotation] === specHash &&
    metadata['deletionTimestamp'] === undefined &&
    phase !== 'Succeeded' &&
    phase !== 'Failed'
  )
}

/** What is told in words, and nothing that anything is decided by. A kubelet cuts what is long, at either end. */
function wordsWithout(json: Json, matcher: SecretMatcher): Json {
  if (Array.isArray(json)) return json.map((one) => wordsWithout(one, matcher))
  if (typeof json !== 'object' || json === null) return json
  return Object.fromEntries(
    Object.entries(json).map(([name, one]) => [
      name,
      name === 'message' && typeof one === 'string' ? matcher.without(one, true) : wordsWithout(one, matcher),
    ]),
  )
}

export class PodSecrets {
  readonly #options: Options

  constructor(options: Options) {
    this.#options = options
  }

  /** What is to be told of an attempt without. */
  async matcherOf(
    { runId }: Pick<LiveAttempt, 'runId'>,
    { secrets: names }: Pick<PodHandle, 'secrets'>,
    own?: Pick<Remembered, 'matcher'>,
  ): Promise<SecretMatcher> {
    if (own?.matcher != null) return own.matcher
    const matcher = await this.#options.secrets.matcherOf(runId, names)
    if (own !== undefined) own.matcher = matcher
    return matcher
  }

  /** What is told of a pod without them: a kubelet tells the command that it could not start, with its variables in it. */
  async without({ attempt, handle }: KnownPod, own: Remembered, seen: Seen): Promise<Seen> {
    const matcher = await this.matcherOf(attempt, handle, own)
    if (matcher.isIdle) return seen
    const events = wordsWithout(seen.events as Json, matcher)
    return seen.kind === 'absent'
      ? { ...seen, events }
      : { ...seen, events, pod: wordsWithout(seen.pod as Json, matcher) }
  }

  /**
   * Makes the object, once in each life of this process: one that is there is another life's. Without it the code does not start, and
   * its page says why; all else that is to be done for its pod goes on.
   */
  async give({ attempt, handle }: KnownPod, own: Remembered, seen: Seen, signal: AbortSignal): Promise<void> {
    if (handle.secrets.length === 0 || own.hasSecrets || seen.kind === 'absent') return
    const pod = seen.pod as PodObject
    if (!isWaiting(pod, attempt.id, handle)) return
    const { client, secrets, log } = this.#options
    const { uid } = pod.metadata
    const { namespace, pod: name } = handle
    try {
      const values = own.secrets ?? (await secrets.values(attempt.runId, handle.secrets))
      await client.createSecret(secretObject({ namespace, name, uid }, values), signal)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof ClusterError && error.code === 'already_exists')) {
        log.warn({ err: error, attempt: attempt.id }, 'a pod’s secrets could not be made; trying again')
        own.secretsFault = `Its secrets cannot be given to the cluster: ${wordsOf(error)}`
        return
      }
    }
    // What was looked up before it was read may not have had it.
    Object.assign(own, { hasSecrets: true, secrets: null, secretsFault: null, matcher: null })
  }
}

function wordsOf(error: unknown): string {
  if (error instanceof ClusterError && error.status !== null) {
    const refusal = explainRefusal(error.status, error.body)
    if ('message' in refusal) return refusal.message
  }
  return error instanceof Error ? error.message : String(error)
}
