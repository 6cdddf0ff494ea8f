/** Why an image cannot be pulled: bad name, no access, not found, a registry that is away. By the words of the kubelet and of containerd. */
import type { PodEvent } from './observed.ts'

/** Reasons for which the kubelet lets a container wait for its image (its `images/types.go`). */
const waitingForImage: ReadonlySet<string> = new Set([
  'ErrImagePull',
  'ImagePullBackOff',
  'InvalidImageName',
  'ErrImageNeverPull',
  'ImageInspectError',
  'RegistryUnavailable',
  'SignatureValidationFailed',
])
export const waitsForImage = (reason: string | null): boolean =>
  reason !== null && waitingForImage.has(reason)

/** The first that fits tells: `not found` is part of many sentences, so that it comes late. */
const causes: [words: RegExp, sentence: string][] = [
  [
    /invalid reference format|couldn't parse image (name|reference)|repository name must be/i,
    'The name of the image is not valid.',
  ],
  [
    /no match for platform|does not match the specified platform|exec format/i,
    'The image is not made for the platform of its node.',
  ],
  [/toomanyrequests|too many requests|\b429\b/i, 'The registry has had too many requests.'],
  [
    /no basic auth credentials|unauthorized|authentication required|\b401\b|failed to authorize/i,
    'The registry wants to know who asks: give `image_pull_secrets`.',
  ],
  [
    /pull access denied|insufficient_scope|requested access to the resource is denied|\bdenied\b|forbidden|\b403\b/i,
    'The registry does not give access to the image, or has none of this name: check the name and `image_pull_secrets`.',
  ],
  [
    /x509|certificate|server gave HTTP response to HTTPS client|tls: /i,
    'The registry cannot be trusted by its node: its certificate, or the lack of one, is not accepted.',
  ],
  [
    /no such host|connection refused|i\/o timeout|no route to host|network is unreachable|connection reset|deadline exceeded|TLS handshake timeout|\bEOF\b|\b50[0234]\b/i,
    'The registry cannot be reached from its node.',
  ],
  [/no space left on device|disk quota exceeded/i, 'Its node has no room for the image.'],
  [/signature|policy/i, 'The signature of the image is not accepted.'],
  [
    /manifest unknown|not found|name unknown|does not exist|\b404\b/i,
    'The registry has no such image: check its name and tag.',
  ],
]

/** Names tell nothing: an image may be called `denied`. They stand in quotes, then once more without, and in addresses. */
function sentenceOf(words: string): string | null {
  const names = [...words.matchAll(/"([^"]*\/[^"]*)"/g)].map(([, name = '']) => name)
  const bare = names
    .reduce((rest, name) => rest.replaceAll(name, ''), words)
    .replaceAll(/"[^"]*"|https?:\/\/\S+/g, '""')
  return causes.find(([pattern]) => pattern.test(bare))?.[1] ?? null
}

/** What the last failed pull of a container's image has told as an event; null: none has. */
export const failedPull = (container: string, events: readonly PodEvent[]): string | null =>
  events.findLast(
    (one) =>
      one.reason === 'Failed' &&
      (one.container === null || one.container === container) &&
      /^Failed to (pull|inspect) image/.test(one.message ?? ''),
  )?.message ?? null

/** The words of one container's image: what the back-off hides, an event has told. */
function wordsOf(container: string, message: string | null, events: readonly PodEvent[]): string {
  const told = message ?? ''
  const backOff = /^Back-off pulling image "[^"]*"$/.test(told.trim()) || told === ''
  return backOff ? (failedPull(container, events) ?? told) : told
}

/**
 * What holds a container's image back: a sentence for the cause, then the words of the kubelet.
 * @param waiting of the container's status
 */
export function whyNotPulled(
  container: string,
  waiting: { reason: string | null; message: string | null },
  events: readonly PodEvent[],
): string {
  const words = wordsOf(container, waiting.message, events)
  const cause =
    waiting.reason === 'InvalidImageName'
      ? 'The name of the image is not valid.'
      : waiting.reason === 'ErrImageNeverPull'
        ? 'The image is not on its node, and it may not be pulled there.'
        : (sentenceOf(words) ?? 'The image could not be pulled.')
  const again = waiting.reason === 'ImagePullBackOff' ? ' Its node waits before it tries again.' : ''
  return words === '' ? `${cause}${again}` : `${cause}${again} ${words}`
}
