/** The end of an attempt as it is written: what its pod's end says, with what its agent brought away. */
import { text as readText } from 'node:stream/consumers'
import { ZodError } from 'zod'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { finalizer } from '#server/domain/pod/names.ts'
import { exitOf, type Told } from '#server/domain/pod/container-end.ts'
import type { AttemptFacts, PodEnd } from '#server/domain/pod/attempt-facts.ts'
import { ownPrefix, specHashAnnotation } from '#server/domain/pod/names.ts'
import type { SeenSince } from '#server/domain/pod/seen-since.ts'
import type { LiveAttempt } from '#db/queries/pod.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import { attemptEnd, type AttemptEnd } from '../executor.ts'
import { leftOut } from '../process/verdict.ts'
import type { PodHandle } from './pod-handle.ts'
import { podResults, type PodResults } from './pod-protocol.ts'

/** Seconds between SIGTERM and SIGKILL of a pod that is ended. */
export const graceSeconds = 30
/** ms that bringing away what was left may take, where nobody says otherwise. */
export const usualCollectMs = 3_600_000

/** What is known of an attempt, as the core asks for it. */
export function factsOf(
  attempt: LiveAttempt,
  handle: PodHandle,
  known: {
    cancelAsked: boolean
    refusal: Told | null
    assumeDeadMs: number | null
    collectMs: number
    since: SeenSince
  },
): AttemptFacts {
  return {
    isOver: false,
    identity: {
      labels: {},
      annotations: {
        [`${ownPrefix}attempt-id`]: attempt.id,
        [specHashAnnotation]: handle.specHash,
      },
      finalizer,
    },
    uid: handle.uid ?? null,
    gatePassedAt: attempt.startedAt,
    runningSeenAt: handle.runningSeenAt ?? null,
    endSeenAt: handle.endSeenAt ?? null,
    cancelAsked: known.cancelAsked,
    ending: handle.ending ?? null,
    logsDone: handle.logsDone === true,
    startBy: handle.startBy,
    timeoutMs: handle.timeoutMs,
    collectMs: known.collectMs,
    graceSeconds,
    assumeDeadMs: known.assumeDeadMs,
    since: known.since,
    refusal: known.refusal,
  }
}

/** What its agent brought away; `unreadable` where the store has lost it, or it is of no known shape: it never will be. */
async function resultsOf(
  handle: PodHandle,
  artifacts: ArtifactStore,
): Promise<PodResults | 'unreadable' | null> {
  if (handle.results === undefined) return null
  try {
    return podResults.parse(JSON.parse(await readText(await artifacts.read(handle.results))))
  } catch (error) {
    const isLost = error instanceof DagbokError && error.code === 'not_found'
    if (isLost || error instanceof SyntaxError || error instanceof ZodError) return 'unreadable'
    throw error
  }
}

function succeeded(handle: PodHandle, left: PodResults | null): AttemptEnd {
  if (left === null)
    return handle.collected
      ? attemptEnd('failed', 'storage', 'It ended with 0, but nobody brought away what it left.')
      : attemptEnd('succeeded', null, null)
  const { problem, missing, ...results } = left
  if (problem !== null) return attemptEnd('failed', 'user_error', problem)
  return { ...(missing.length === 0 ? attemptEnd('succeeded', null, null) : leftOut(missing)), ...results }
}

/** @throws DagbokError from the store */
export async function endOf(end: PodEnd, handle: PodHandle, artifacts: ArtifactStore): Promise<AttemptEnd> {
  const { state, reason, message, exitCode } = end
  // Of what was ended from outside nothing is taken.
  const found = handle.ending === undefined ? await resultsOf(handle, artifacts) : null
  if (found === 'unreadable' && state === 'succeeded')
    return {
      ...attemptEnd('failed', 'storage', 'What it left cannot be read any more.'),
      exitCode: exitCode ?? 0,
    }
  const left = found === 'unreadable' ? null : found
  if (state === 'succeeded') return { ...succeeded(handle, left), exitCode: exitCode ?? 0 }
  const { metrics = [], values = [] } = left ?? {}
  const exit = exitOf(end, handle.ending !== undefined)
  return { ...attemptEnd(state, reason, message), ...exit, metrics, values }
}
