/**
 * What a pod is called, and how it is found again: its name is a function of (run, task, item key, attempt), so a second
 * create of the same attempt is refused by the cluster (R1).
 */
import { canonicalJson } from '../json.ts'
import { isLabelValue } from './syntax.ts'

/** Which attempt it is. `n` counts from 1. */
export interface AttemptIdentity {
  attemptId: string
  runId: string
  dag: string
  versionId: string
  task: string
  /** Item key of an expanded task; null without. */
  key: string | null
  n: number
}

/** SHA-256 of a text's UTF-8, as 64 hexadecimal digits. */
export type Sha256 = (text: string) => string

/** Our own names: nobody's patch may set or remove one. */
export const ownPrefix = 'dagbok.dev/'
/** The recommended labels, which we set, too. */
export const recommendedPrefix = 'app.kubernetes.io/'
/** Holds a pod that has ended until its outcome and its logs are recorded. */
export const finalizer = 'dagbok.dev/recorded'
/** Hash of the pod as it was asked for: what is found under its name is ours only if it has the same. */
export const specHashAnnotation = 'dagbok.dev/spec-hash'

/** Small letters, digits and single hyphens, at most `most` characters. */
function slug(text: string, most: number): string {
  const plain = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')
  return plain.replace(/^-/, '').slice(0, most).replace(/-$/, '')
}

/** An RFC 1123 label, so that it is the pod's host name, too: `dagbok-train-2-` and 20 hexadecimal digits. */
export function podName({ runId, task, key, n }: AttemptIdentity, sha256: Sha256): string {
  const hash = sha256(canonicalJson([runId, task, key, n])).slice(0, 20)
  return ['dagbok', slug(task, 20), String(n), hash].filter((part) => part !== '').join('-')
}

/**
 * Any text as the value of a label: itself where it may be one, else a readable part, `..` and a hash. What has two dots
 * in it is always hashed, so no text is the label of another.
 */
export function labelValue(text: string, sha256: Sha256): string {
  if (isLabelValue(text) && !text.includes('..')) return text
  const readable = slug(text, 40)
  // JSON escapes what UTF-8 cannot hold: half a character.
  return `${readable === '' ? 'x' : readable}..${sha256(JSON.stringify(text)).slice(0, 20)}`
}

const namesOf = ({ dag, versionId, runId, task, key, n }: AttemptIdentity): [string, string][] => [
  ['dag', dag],
  ['version', versionId],
  ['run', runId],
  ['task', task],
  ...(key === null ? [] : ([['key', key]] satisfies [string, string][])),
  ['attempt', String(n)],
]

/** @param instance name of this installation, by which it finds its own pods among those of others */
export function podLabels(
  attempt: AttemptIdentity,
  instance: string,
  sha256: Sha256,
): Record<string, string> {
  return {
    [`${recommendedPrefix}name`]: 'dagbok-task',
    [`${recommendedPrefix}instance`]: labelValue(instance, sha256),
    [`${recommendedPrefix}component`]: 'task',
    [`${recommendedPrefix}part-of`]: 'dagbok',
    [`${recommendedPrefix}managed-by`]: 'dagbok',
    ...Object.fromEntries(
      namesOf(attempt).map(([name, text]) => [`${ownPrefix}${name}`, labelValue(text, sha256)]),
    ),
  }
}

/** The same names in full, and the attempt's id. */
export const podAnnotations = (attempt: AttemptIdentity): Record<string, string> => ({
  ...Object.fromEntries(namesOf(attempt).map(([name, text]) => [`${ownPrefix}${name}`, text])),
  [`${ownPrefix}attempt-id`]: attempt.attemptId,
})
