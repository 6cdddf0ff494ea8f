/** Tasks of the pool that run in an image: by workers that stand in it, on a cluster (kubernetes.md, "Warm pool"). Pure. */
import type { Task } from '../dag/spec.ts'
import { warmQueue, type Usual } from '../run/deployment.ts'
import { pinned } from './image-digest.ts'
import type { Sha256 } from './names.ts'

/**
 * The image whose workers a task is for; null: it is for none. One that names its queue is for the workers of that queue, and an
 * image that is another in each run has none that stand there already.
 */
export function warmImage(
  task: Pick<Task, 'image' | 'executor' | 'queue' | 'action'>,
  usual: Usual,
): string | null {
  const { image, executor, queue, action } = task
  if (usual.warm === null || (executor ?? usual.executor) !== 'pool' || queue !== null) return null
  if (action.kind === 'approve' || action.kind === 'wait' || action.kind === 'image') return null
  return image === null || image.includes('${{') ? null : image
}

export const isPod = ({ executor }: Pick<Task, 'executor'>, usual: Usual): boolean =>
  (executor ?? usual.executor) === 'kubernetes'

/** What is run where an image is asked for: until its digest is known, each version has workers of its own (N10). */
export interface WarmImage {
  /** As it is pulled. */
  image: string
  /** The version that it is pulled for first; null: its digest is known. */
  versionId: string | null
}

/** @param digests of images as they are written, what the version has been run with */
export function warmImageOf(
  image: string,
  versionId: string,
  digests: ReadonlyMap<string, string>,
): WarmImage {
  if (image.includes('@')) return { image, versionId: null }
  const digest = digests.get(image)
  return digest === undefined ? { image, versionId } : { image: pinned(image, digest), versionId: null }
}

/** Whether a node that has it asks nobody for it again: Kubernetes does where it has no tag, or the tag `latest`. */
export const isKept = (image: string): boolean => image.includes('@') || /:(?!latest$)[^:/]+$/.test(image)

/** The queue of its workers. */
export const queueOfImage = (cluster: string, { image, versionId }: WarmImage, sha256: Sha256): string =>
  warmQueue(cluster, sha256(versionId === null ? image : `${image} ${versionId}`).slice(0, 16))
