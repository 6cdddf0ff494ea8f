import { expect, test } from 'vitest'
import { violations } from './oracle.ts'

const context = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } }
const pod = (spec: object = {}, container: object = {}) => ({
  metadata: {},
  spec: {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'a', securityContext: context, ...container }],
    ...spec,
  },
})

test('the least restricted pod of the documentation is restricted', () => {
  expect(violations(pod())).toEqual([])
  expect(
    violations(
      pod(
        { securityContext: undefined },
        { securityContext: { ...context, runAsNonRoot: true, seccompProfile: { type: 'Localhost' } } },
      ),
    ),
  ).toEqual([])
})

test('a pod that says nothing is not', () => {
  expect(violations({ spec: { containers: [{}] } })).toEqual([
    'Privilege Escalation',
    'Capabilities dropped',
    'Running as Non-root',
    'Seccomp',
  ])
})

test.each([
  [pod({ hostPID: true }), 'Host Namespaces'],
  [pod({ volumes: [{ name: 'x', hostPath: {} }] }), 'HostPath Volumes'],
  [pod({ volumes: [{ name: 'x', emptyDir: {}, nfs: {} }] }), 'Volume Types'],
  [pod({ ephemeralContainers: [{}] }), 'Privilege Escalation'],
  [pod({ initContainers: [{ securityContext: { ...context, procMount: 'Unmasked' } }] }), '/proc Mount Type'],
  [pod({}, { ports: [{ containerPort: 1 }, { hostPort: 1 }] }), 'Host Ports'],
  [pod({}, { lifecycle: { preStop: { httpGet: { host: 'x' } } } }), 'Host Probes / Lifecycle Hooks'],
  [pod({}, { securityContext: { ...context, runAsNonRoot: false } }), 'Running as Non-root'],
  [pod({ securityContext: { runAsNonRoot: true, seccompProfile: { type: 'Unconfined' } } }), 'Seccomp'],
  [
    pod({}, { securityContext: { ...context, capabilities: { drop: ['ALL'], add: ['NET_RAW'] } } }),
    'Capabilities added',
  ],
])('%j', (one, control) => {
  expect(violations(one)).toContain(control)
})
