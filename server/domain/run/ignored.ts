/** What a task asks for, and who carries it out does without. */
import type { Task } from '../dag/spec.ts'
import { clusterOfQueue, clusterOfWarmQueue } from './deployment.ts'

/** Null is what it was given, or did not ask for. */
export interface Ignored {
  image: string | null
  /** Processors. */
  cpu: number | null
}

/**
 * A pod has both. Workers in an image have that (N2); processors are those of their pod, for all its tasks together.
 * @param queue as it was settled when the run was made: `''` is the machine of the product
 * @returns null where there is nothing to tell
 */
export function ignoredOf(
  { image, resources, action }: Pick<Task, 'image' | 'resources' | 'action'>,
  queue: string,
): Ignored | null {
  if (action.kind === 'approve' || action.kind === 'wait' || clusterOfQueue(queue) !== null) return null
  const ignored = { image: clusterOfWarmQueue(queue) === null ? image : null, cpu: resources.cpu }
  return ignored.image === null && ignored.cpu === null ? null : ignored
}

const processors = (cpu: number): string => `${cpu} ${cpu === 1 ? 'processor' : 'processors'}`

/** What is said of it, in a sentence each. */
export const ignoredWords = ({ image, cpu }: Ignored): string[] => [
  ...(image === null
    ? []
    : [`Its image ${image} is ignored: \`process\` and \`pool\` run it as a process of their machine.`]),
  ...(cpu === null
    ? []
    : [`Its bound of ${processors(cpu)} is ignored: only \`kubernetes\` keeps a task to that.`]),
]
