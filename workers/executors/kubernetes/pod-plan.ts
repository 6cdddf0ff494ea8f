/** From an attempt's job to its pod, and to what is kept of that before there is one. */
import { createHash } from 'node:crypto'
import type { ClusterSettings } from '#server/config/clusters.ts'
import { isCollected } from '#server/domain/pod/build-pod.ts'
import type { Pod } from '#server/domain/pod/manifest.ts'
import { specHashAnnotation } from '#server/domain/pod/names.ts'
import { podOfAttempt } from '#server/domain/pod/pod-of-attempt.ts'
import { podAttemptOf } from '#server/services/pod/pod-attempt.ts'
import { scriptStart } from '#server/services/pod/script-start.ts'
import type { AttemptJob } from '../executor.ts'
import { newPodSecret, type PodIntent } from './pod-handle.ts'
import type { PodJob } from './pod-protocol.ts'

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** ms that code has to start in that says nothing of it: images are large, and nodes are added. */
const usualStartMs = 3_600_000

export type PodPlan =
  | { pod: Pod; job: PodJob; intent: Omit<PodIntent, 'job' | 'startBy'>; startMs: number }
  /** Sentences: nothing is created. */
  | { pod: null; faults: string[] }

/**
 * The pod of a job on a cluster, or why there is none.
 * @param digests of images as they are written, what the version has been run with
 */
export function planPod(
  job: AttemptJob,
  cluster: ClusterSettings,
  team: string,
  digests: ReadonlyMap<string, string>,
): PodPlan {
  const { secret, hash } = newPodSecret()
  const attempt = podAttemptOf(job, secret)
  const deployment = cluster.deploymentOf(team)
  const task = job.pod?.task ?? null
  const allowance = cluster.allowedTo(team)
  const made = podOfAttempt({ attempt, task, deployment, allowance, sha256, digests })
  if (made.pod === null) return { pod: null, faults: made.faults }
  const { namespace, name, annotations } = made.pod.metadata
  const { inputs, outputs, metrics, values, folder } = job
  return {
    pod: made.pod,
    job: {
      folder,
      checkout:
        job.action.kind !== 'image' || Object.values(inputs).some(({ kind }) => kind === 'repository_file'),
      script: scriptStart(job)?.file ?? null,
      inputs,
      outputs,
      metrics,
      values,
    },
    intent: {
      cluster: cluster.name,
      namespace,
      pod: name,
      specHash: annotations[specHashAnnotation] ?? '',
      secretHash: hash,
      collected: isCollected(attempt),
      timeoutMs: job.timeout,
      secrets: Object.keys(job.secrets ?? {}),
    },
    startMs: job.startTimeout ?? usualStartMs,
  }
}
