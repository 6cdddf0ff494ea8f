/** A node that does not take the pod that it was given: it was full by then, or does not allow it. */

/** `status.reason` of a pod that its node did not take. */
const refused: Readonly<Record<string, 'unschedulable' | 'bad_config'>> = {
  OutOfcpu: 'unschedulable',
  OutOfmemory: 'unschedulable',
  OutOfpods: 'unschedulable',
  'OutOfephemeral-storage': 'unschedulable',
  NodeAffinity: 'unschedulable',
  NodePorts: 'unschedulable',
  TaintToleration: 'unschedulable',
  TopologyAffinityError: 'unschedulable',
  UnexpectedAdmissionError: 'unschedulable',
  InsufficientResources: 'unschedulable',
  SysctlForbidden: 'bad_config',
  AppArmor: 'bad_config',
  PodOSNotSupported: 'bad_config',
  PodOSSelectorNodeLabelDoesNotMatch: 'bad_config',
}
/** As what a pod ends that its node did not take for this reason; null: it is no refusal. */
export const refusalOf = (reason: string | null): 'unschedulable' | 'bad_config' | null =>
  reason === null
    ? null
    : Object.hasOwn(refused, reason)
      ? (refused[reason] ?? null)
      : reason.startsWith('OutOf')
        ? 'unschedulable'
        : null
