/** What Kubernetes would refuse for its grammar, or because values do not go together. */
import { spec, main, volume, container, first, type Escalation } from './escalation.ts'

export const againstForm: readonly Escalation[] = [
  { task: { labels: { 'a b': 'x' } }, by: ['forms'], words: 'metadata.labels["a b"] is no key of a label' },
  {
    task: { node_selector: { a: 'b c' } },
    by: ['forms'],
    words: 'spec.nodeSelector.a is no value of a label',
  },
  {
    task: { annotations: { a: 'x'.repeat(300_000) } },
    by: ['forms'],
    words: 'metadata.annotations have 300',
  },
  { task: { priority_class: 'A B' }, by: ['names'], words: 'spec.priorityClassName is no name' },
  {
    task: main({ resources: { limits: { memory: '1 GB' } } }),
    by: ['resources'],
    words: `${first}.resources.limits.memory is no quantity`,
  },
  {
    task: main({ resources: { limits: { 'a b': 1 } } }),
    by: ['resources'],
    words: `${first}.resources.limits["a b"] is no resource`,
  },
  {
    task: main({ env: [{ name: 'A=B', value: 'x' }] }),
    by: ['containers'],
    words: `${first}.env[A=B] is no name of a variable`,
  },
  {
    task: main({ env: [{ name: 'A', valueFrom: {} }] }),
    by: ['containers'],
    words: `${first}.env[A].valueFrom must name one source`,
  },
  {
    task: container({ image: 'Bad Image' }),
    by: ['containers'],
    words: 'spec.initContainers[own].image is no reference of an image',
  },
  {
    task: main({ resources: { requests: { memory: '1Ti' } } }),
    by: ['resources'],
    words: `${first}.resources.requests.memory is more than its limit`,
  },
  {
    task: main({ resources: { requests: { 'nvidia.com/gpu': 1 } } }),
    by: ['resources'],
    words: `${first}.resources.requests["nvidia.com/gpu"] has no limit`,
  },
  {
    task: main({ resources: { limits: { 'nvidia.com/gpu': '500m' } } }),
    by: ['resources'],
    words: `${first}.resources.limits["nvidia.com/gpu"] is counted in whole numbers`,
  },
  {
    task: volume({ ephemeral: { volumeClaimTemplate: { spec: {} } } }),
    by: ['resources'],
    words: 'spec.volumes[x].ephemeral.volumeClaimTemplate.spec.resources must say how much',
  },
  {
    task: volume({ emptyDir: { sizeLimit: '1 GB' } }),
    by: ['resources'],
    words: 'spec.volumes[x].emptyDir.sizeLimit is no quantity',
  },
  { task: { tolerations: [{ value: 'x' }] }, by: ['tolerations'], words: 'spec.tolerations[0] has no key' },
  {
    task: { tolerations: [{ key: 'a b', operator: 'Exists' }] },
    by: ['tolerations'],
    words: 'spec.tolerations[a b].key is no key of a taint',
  },
  {
    task: { tolerations: [{ key: 'a', operator: 'Exists', value: 'x' }] },
    by: ['tolerations'],
    words: 'spec.tolerations[a].value must be left out',
  },
  {
    task: { tolerations: [{ key: 'a', tolerationSeconds: 1 }] },
    by: ['tolerations'],
    words: 'spec.tolerations[a].tolerationSeconds is for',
  },
  { task: main({ livenessProbe: {} }), by: ['handlers'], words: `${first}.livenessProbe has no handler` },
  {
    task: main({ livenessProbe: { exec: { command: ['true'] }, grpc: { port: 1 } } }),
    by: ['handlers'],
    words: `${first}.livenessProbe has more than one handler`,
  },
  {
    task: main({ startupProbe: { exec: { command: [] } } }),
    by: ['handlers'],
    words: `${first}.startupProbe.exec.command is empty`,
  },
  {
    task: main({ lifecycle: { preStop: { tcpSocket: { port: 0 } } } }),
    by: ['handlers'],
    words: `${first}.lifecycle.preStop.tcpSocket.port is no port`,
  },
  {
    task: container({ readinessProbe: { exec: { command: ['true'] } } }),
    by: ['handlers'],
    words: 'spec.initContainers[own].readinessProbe is for a sidecar',
  },
  {
    task: main({ ports: [{ containerPort: 70_000 }] }),
    by: ['ports'],
    words: `${first}.ports[0].containerPort is no port`,
  },
  {
    task: main({ ports: [{ containerPort: 80, name: 'Web' }] }),
    by: ['ports'],
    words: `${first}.ports[Web].name is no name of a port`,
  },
  { task: spec({ hostname: 'A_b' }), by: ['hosts'], words: 'spec.hostname is no name' },
  {
    task: spec({ securityContext: { seccompProfile: { type: 'Localhost' } } }),
    by: ['profiles'],
    words: 'spec.securityContext.seccompProfile.localhostProfile must',
  },
  {
    task: main({ securityContext: { appArmorProfile: { type: 'RuntimeDefault', localhostProfile: 'x' } } }),
    by: ['profiles'],
    words: `${first}.securityContext.appArmorProfile.localhostProfile must`,
  },
  {
    task: { tolerations: [{ key: 'a', value: 'b c' }] },
    by: ['tolerations'],
    words: 'spec.tolerations[a].value is no value of a taint',
  },
  {
    task: main({ livenessProbe: { exec: { command: ['true'] }, successThreshold: 2 } }),
    by: ['handlers'],
    words: `${first}.livenessProbe.successThreshold must be 1`,
  },
  {
    task: main({ readinessProbe: { exec: { command: ['true'] }, terminationGracePeriodSeconds: 2 } }),
    by: ['handlers'],
    words: `${first}.readinessProbe.terminationGracePeriodSeconds must be left out`,
  },
  {
    task: main({ env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }] }),
    by: ['variables'],
    words: `${first}.env[A].valueFrom.fieldRef.fieldPath is nothing`,
  },
  {
    task: main({ env: [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'cpu' } } }] }),
    by: ['variables'],
    words: `${first}.env[A].valueFrom.resourceFieldRef.resource is none of`,
  },
  {
    task: volume({ configMap: { name: 'c', items: [{ key: 'k', path: '/etc/passwd' }] } }),
    by: ['files'],
    words: 'spec.volumes[x].configMap.items[k].path must be a path within',
  },
  {
    task: volume({ secret: { secretName: 's', items: [{ key: 'k', path: 'a/../../b' }] } }),
    by: ['files'],
    words: 'spec.volumes[x].secret.items[k].path must be a path within',
  },
  {
    task: volume({ downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'spec.nodeName' } }] } }),
    by: ['files'],
    words: 'spec.volumes[x].downwardAPI.items[0].fieldRef.fieldPath is nothing',
  },
  {
    task: volume({ downwardAPI: { items: [{ path: 'x' }] } }),
    by: ['files'],
    words: 'spec.volumes[x].downwardAPI.items[0] must have either',
  },
  {
    task: volume({ projected: { sources: [{}] } }),
    by: ['files'],
    words: 'spec.volumes[x].projected.sources[0] must have one source',
  },
  {
    task: spec({ resourceClaims: [{ name: 'gpu' }] }),
    by: ['files'],
    words: 'spec.resourceClaims[gpu] must have either',
  },
]
