/** What a rule of the policy sees, and how it says what is wrong. */
import type { Path, PodFault } from '../fault.ts'
import type { Container, Pod } from '../manifest.ts'
import type { Allowance } from './allowed.ts'

export interface View {
  /** After the patch. */
  pod: Pod
  /** What of it is ours: as made for a task that says nothing of its pod. */
  base: Pod
  allowance: Allowance
}

/** Faults of one kind; none when the pod keeps the rule. */
export type Rule = (view: View) => PodFault[]

export const fault = (path: Path, message: string): PodFault => ({ path, message })

export interface Placed {
  container: Container
  path: Path
}

/** Every container, init containers first. */
export function containersOf({ spec }: Pod): Placed[] {
  const placed = (list: 'initContainers' | 'containers') =>
    (spec[list] ?? []).map((container, index) => ({ container, path: ['spec', list, index] }))
  return [...placed('initContainers'), ...placed('containers')]
}

/** A security context of the pod or of a container, whichever there are. */
export function contextsOf(pod: Pod) {
  const { securityContext } = pod.spec
  return [
    ...(securityContext === undefined
      ? []
      : [{ context: securityContext, path: ['spec', 'securityContext'] as Path }]),
    ...containersOf(pod).flatMap(({ container, path }) =>
      container.securityContext === undefined
        ? []
        : [{ context: container.securityContext, path: [...path, 'securityContext'] as Path }],
    ),
  ]
}

/** For what no default lets through, and an admin may. */
export const askAdmin = 'or ask an admin to allow it to the team'
