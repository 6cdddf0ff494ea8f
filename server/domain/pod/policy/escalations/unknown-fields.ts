import type { JsonMap } from './escalation.ts'

/** Fields that no schema of ours has: each is told why, or that it is none. */
export const unknownFields: [JsonMap, string][] = [
  [{ nodeName: 'node-1' }, 'spec.nodeName may not be set: it would go past the scheduler'],
  [{ priority: 2_000_000_000 }, 'spec.priority may not be set: it is given by the class'],
  [{ preemptionPolicy: 'Never' }, 'spec.preemptionPolicy may not be set: it is given by the class'],
  [{ serviceAccount: 'admin' }, 'spec.serviceAccount may not be set: it is an old name'],
  [{ ephemeralContainers: [{ name: 'debug', image: 'busybox' }] }, 'spec.ephemeralContainers may not be set'],
  [{ schedulingGates: [{ name: 'x' }] }, 'spec.schedulingGates may not be set'],
  [{ readinessGates: [] }, 'spec.readinessGates may not be set'],
  [{ overhead: { cpu: '1' } }, 'spec.overhead may not be set'],
  [{ os: { name: 'windows' } }, 'spec.os may not be set'],
  [
    { securityContext: { windowsOptions: { hostProcess: true } } },
    'spec.securityContext.windowsOptions may not be set',
  ],
  [{ hostnameOverride: 'x' }, "spec.hostnameOverride is not a field that a task's pod may have"],
  [
    { hostNetwrok: true },
    "spec.hostNetwrok is not a field that a task's pod may have (did you mean 'hostNetwork'?)",
  ],
  [{ hostNetwork: 'true' }, 'spec.hostNetwork must be true or false'],
  [
    { containers: [{ name: 'main', volumeDevices: [{ name: 'x', devicePath: '/dev/x' }] }] },
    'spec.containers[main].volumeDevices may not be set',
  ],
  [
    { containers: [{ name: 'main', securityContext: { runAsUser: '0' } }] },
    'spec.containers[main].securityContext.runAsUser must be a number',
  ],
  [
    { containers: [{ name: 'main', restartPolicyRules: [] }] },
    'spec.containers[main].restartPolicyRules may not be set',
  ],
  [{ volumes: [{ name: 'x', gitRepo: { repository: 'x' } }] }, 'spec.volumes[x].gitRepo may not be set'],
  [
    { volumes: [{ name: 'x', iscsi: {} }] },
    "spec.volumes[x].iscsi is not a field that a task's pod may have",
  ],
  [{ containers: 'main' }, 'spec.containers must be a list'],
]
