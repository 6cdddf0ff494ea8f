/** What an attempt is, rendered, as its pod is made of it. */
import type { PodAttempt } from '../../domain/pod/deployment.ts'
import type { AttemptIdentity } from '../../domain/pod/names.ts'
import type { PodInput } from '../../domain/pod/paths.ts'
import { scriptStart, type ScriptOf } from './script-start.ts'

/** Of an attempt's job, what its pod is made of. */
export interface JobOfPod extends AttemptIdentity, Omit<ScriptOf, 'action'> {
  action: (Exclude<ScriptOf['action'], { kind: 'command' } | { kind: 'image' }> | Started) & {
    args: string[]
  }
  env: Record<string, string>
  /** Of its team, by variable; what they are is no part of a pod. */
  secrets?: Readonly<Record<string, unknown>>
  inputs: Record<string, PodInput>
  outputs: Record<string, unknown>
  metrics: Record<string, unknown>
  values: Record<string, unknown>
  /** Bytes; null is without a limit. */
  memory: number | null
  pod?: { image: string | null; cpu: number | null }
}
type Started = { kind: 'command'; command: string[] } | { kind: 'image' }

const isDeclared = ({ outputs, metrics, values }: JobOfPod): boolean =>
  [outputs, metrics, values].some((declared) => Object.keys(declared).length > 0)

/** @param secret the token of its agent */
export function podAttemptOf(job: JobOfPod, secret: string): PodAttempt {
  const { action, pod } = job
  const script = scriptStart(job)
  return {
    ...job,
    token: { kind: 'value', value: secret },
    action:
      action.kind === 'image'
        ? { kind: 'image' }
        : action.kind === 'command'
          ? { kind: 'command', command: action.command }
          : { kind: 'script', argv: script?.argv ?? [] },
    args: action.args,
    image: pod?.image ?? null,
    // As under every executor; what else an image says of its language is not believed.
    env: { LANG: 'C.UTF-8', ...job.env },
    secrets: Object.keys(job.secrets ?? {}),
    reports: isDeclared(job),
    resources: { cpu: pod?.cpu ?? null, memory: job.memory },
  }
}
