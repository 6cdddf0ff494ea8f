/** The pod of an attempt: made from facts, patched by the task, checked by the policy. What is not sound is never a pod. */
import { canonicalJson, type Json } from '../json.ts'
import { buildPod, restrictedContainer } from './build-pod.ts'
import type { PodAttempt, PodDeployment } from './deployment.ts'
import { literal } from './expansion.ts'
import { withDigests } from './image-digest.ts'
import { podFaultWords, type PodFault } from './fault.ts'
import type { Pod } from './manifest.ts'
import { mergePatch } from './merge.ts'
import { specHashAnnotation, type Sha256 } from './names.ts'
import type { Allowance } from './policy/allowed.ts'
import { checkPod, rules } from './policy/policy.ts'
import { hiddenToken, withToken } from './pod-yaml.ts'
import { plainTaskPod, type TaskPod } from './task-pod.ts'

type JsonMap = { [key: string]: Json }

export interface PodFacts {
  attempt: PodAttempt
  /** What the task says of its pod; null: nothing. */
  task: TaskPod | null
  deployment: PodDeployment
  /** What an admin allows the team. */
  allowance: Allowance
  sha256: Sha256
  /** Of images as they are written, what the version has been run with (N10). */
  digests?: ReadonlyMap<string, string>
}

/** `faults` are sentences; `at` are the same with their places in the pod that was refused, or in the patch. */
export type PodOfAttempt =
  | { pod: Pod; faults: [] }
  | { pod: null; faults: string[]; at: { in: 'pod' | 'patch'; fault: PodFault }[]; refused: Json }

/** Bytes of a pod as JSON: a cluster stores 1.5 MiB of one, and writes more into it. */
const mostBytes = 1_000_000

/** A container of the task's own is restricted, too, without having to say so. */
function withDefaults(merged: JsonMap, base: Pod): JsonMap {
  const spec = merged['spec']
  if (typeof spec !== 'object' || spec === null || Array.isArray(spec)) return merged
  const made = new Set((base.spec.initContainers ?? []).map(({ name }) => name))
  const init = spec['initContainers']
  if (!Array.isArray(init)) return merged
  const initContainers = init.map((one): Json => {
    if (typeof one !== 'object' || one === null || Array.isArray(one)) return one
    const { name, securityContext: own = {} } = one
    if (
      (typeof name === 'string' && made.has(name)) ||
      typeof own !== 'object' ||
      own === null ||
      Array.isArray(own)
    )
      return one
    return { ...one, securityContext: { ...(restrictedContainer as JsonMap), ...own } }
  })
  return { ...merged, spec: { ...spec, initContainers } }
}

/** With the hash of what it is: the same pod asked for again has the same, also with another token. */
function withSpecHash(pod: Pod, sha256: Sha256): Pod {
  const annotations = { ...pod.metadata.annotations, [specHashAnnotation]: sha256(canonicalJson(pod)) }
  return { ...pod, metadata: { ...pod.metadata, annotations } }
}

const refusal = (faults: string[], refused: Json, at: Extract<PodOfAttempt, { pod: null }>['at'] = []) =>
  ({ pod: null, faults, at, refused }) satisfies PodOfAttempt

/** Pure: the same facts give the same pod. @param by the policy */
export function podOfAttempt(
  { attempt, task, deployment, allowance, sha256, digests = new Map() }: PodFacts,
  by = rules,
): PodOfAttempt {
  const said = task ?? plainTaskPod
  const image = attempt.image ?? deployment.defaults.image
  if (image === null)
    return refusal(['there is no image: write `image` in the task, or set one for the deployment'], null)
  // What may be told or shown never has the token in it (S6): that is put in last.
  const { token } = attempt
  const unsaid = token.kind === 'value' ? { ...attempt, token: { ...token, value: hiddenToken } } : attempt
  const build = (one: TaskPod) => buildPod(unsaid, one, deployment, image, sha256)
  const base = build(plainTaskPod)
  const patch = said.patch ?? {}
  const { merged, faults } = mergePatch(build(said) as unknown as JsonMap, patch)
  if (faults.length > 0)
    return refusal(
      faults.map((fault) => `pod: ${podFaultWords(fault, patch)}`),
      patch,
      faults.map((fault) => ({ in: 'patch', fault })),
    )
  const whole = withDefaults(merged, base)
  const checked = checkPod(whole, base, allowance, by)
  if (checked.pod === null)
    return refusal(
      checked.faults.map((fault) => podFaultWords(fault, whole)),
      whole,
      checked.faults.map((fault) => ({ in: 'pod', fault })),
    )
  const pod = withSpecHash(withDigests(checked.pod, digests), sha256)
  const bytes = new TextEncoder().encode(JSON.stringify(pod)).length
  if (bytes > mostBytes)
    return refusal(
      [
        `the pod has ${bytes} bytes, more than the ${mostBytes} that a cluster takes: move what is long in its variables, arguments or params to a file`,
      ],
      whole,
    )
  return { pod: token.kind === 'value' ? withToken(pod, literal(token.value)) : pod, faults: [] }
}
