/** Why an API server refused to create a pod, and whether it would later. Pure, for any answer. */
import type { Reason } from '../run/states.ts'
import { shapeOf, textOf } from './observed.ts'
import { cutMessage, sentence } from './verdict.ts'

export type Refusal =
  /** A pod of this name is there: it is to be compared, and adopted if it is ours. */
  | { kind: 'exists' }
  /** The same pod may be taken later. */
  | { kind: 'later'; reason: Reason; message: string }
  /** The same pod would be refused again. */
  | { kind: 'never'; reason: Reason; message: string }

const later = (reason: Reason, message: string): Refusal => ({
  kind: 'later',
  reason,
  message: cutMessage(message),
})
const never = (reason: Reason, message: string): Refusal => ({
  kind: 'never',
  reason,
  message: cutMessage(message),
})

function forbidden(words: string): Refusal {
  if (/exceeded quota|insufficient quota/i.test(words))
    return later('unschedulable', `The quota of its namespace is used up: ${words}`)
  if (/is being terminated|namespace .* terminating/i.test(words))
    return never('bad_config', `Its namespace is being deleted: ${words}`)
  if (
    /violates PodSecurity|admission webhook|denied the request|(minimum|maximum) .* usage|ratio is/i.test(
      words,
    )
  )
    return never('bad_config', `A policy of the cluster forbids its pod: ${words}`)
  if (/error looking up service account|serviceaccount .* not found/i.test(words))
    return never('bad_config', `Its service account is not there: ${words}`)
  if (/failed quota: .* must specify/i.test(words))
    return never('bad_config', `The quota of its namespace asks for more in its \`resources\`: ${words}`)
  if (/no PriorityClass with name/i.test(words))
    return never('bad_config', `Its priority class is not there: ${words}`)
  return later('infrastructure_unknown', `Dagbok may not create pods in its namespace: ${words}`)
}

/**
 * @param status of HTTP
 * @param body the `Status` object of the answer, of whatever shape
 */
export function explainRefusal(status: number, body: unknown): Refusal {
  const { reason, message } = shapeOf(body)
  const words = sentence(textOf(message) ?? textOf(reason) ?? `The API server answered with status ${status}`)
  if (status === 409 && reason === 'AlreadyExists') return { kind: 'exists' }
  if (status === 403) return forbidden(words)
  if (status === 404) return never('bad_config', `Its namespace is not there: ${words}`)
  // Of a webhook that does not answer: the pod is not what is wrong.
  if (/failed calling webhook|failed to call webhook/i.test(words))
    return later('infrastructure_unknown', `A webhook of the cluster does not answer: ${words}`)
  if (status === 400 || status === 413 || status === 415 || status === 422)
    return never('bad_config', `The cluster does not accept its pod: ${words}`)
  return later('infrastructure_unknown', `The cluster did not take its pod: ${words}`)
}
