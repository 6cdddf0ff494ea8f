/** Against the bounds of what a pod may reach in its cluster. */
import { spec, main, inMain, inPod, volume, first, type Escalation } from './escalation.ts'

export const againstReach: readonly Escalation[] = [
  {
    task: inMain({ runAsUser: 2000 }),
    by: ['oneUser'],
    words: `${first}.securityContext.runAsUser must be that of all`,
  },
  {
    task: inPod({ runAsUser: null }),
    by: ['oneUser'],
    words: 'spec.securityContext.runAsUser must be an id',
  },
  {
    task: inPod({ fsGroup: 0 }),
    by: ['oneUser'],
    words: 'spec.securityContext.fsGroup must be an id',
    allowed: { root: true },
  },
  {
    task: inPod({ supplementalGroups: [0] }),
    by: ['oneUser'],
    words: 'spec.securityContext.supplementalGroups[0] must be an id',
    allowed: { root: true },
  },
  { task: spec({ restartPolicy: 'OnFailure' }), by: ['restart'], words: 'spec.restartPolicy must be Never' },
  {
    task: { service_account: 'admin' },
    by: ['account'],
    words: 'spec.serviceAccountName is admin',
    allowed: { service_accounts: ['admin'] },
  },
  {
    task: spec({ serviceAccountName: 'admin', automountServiceAccountToken: true }),
    by: ['account'],
    words: 'spec.serviceAccountName is admin',
    allowed: { service_accounts: ['admin'] },
  },
  {
    task: spec({ automountServiceAccountToken: true }),
    by: ['account'],
    words: 'spec.automountServiceAccountToken must be false',
  },
  {
    task: spec({ automountServiceAccountToken: null }),
    by: ['account'],
    words: 'spec.automountServiceAccountToken must be false',
  },
  {
    task: volume({ projected: { sources: [{ serviceAccountToken: { path: 'token' } }] } }),
    by: ['account'],
    words: 'spec.volumes[x].projected.sources[0].serviceAccountToken would give',
  },
  {
    task: { env_from: [{ secretRef: { name: 'dagbok-token-b' } }] },
    by: ['secrets'],
    words: `${first}.envFrom[0].secretRef.name is a secret of Dagbok's own`,
  },
  {
    task: main({
      env: [{ name: 'T', valueFrom: { secretKeyRef: { name: 'dagbok-token-a', key: 'token' } } }],
    }),
    by: ['secrets'],
    words: `${first}.env[T].valueFrom.secretKeyRef.name is a secret`,
  },
  {
    task: volume({ secret: { secretName: 'dagbok-token-b' } }),
    by: ['secrets'],
    words: 'spec.volumes[x].secret.secretName is a secret',
  },
  {
    task: volume({ projected: { sources: [{ secret: { name: 'dagbok-token-b' } }] } }),
    by: ['secrets'],
    words: 'spec.volumes[x].projected.sources[0].secret.name is a secret',
  },
  {
    task: volume({ csi: { driver: 'd', nodePublishSecretRef: { name: 'dagbok-x' } } }),
    by: ['secrets'],
    words: 'spec.volumes[x].csi.nodePublishSecretRef.name is a secret',
  },
  {
    task: { image_pull_secrets: ['dagbok-token-b'] },
    by: ['secrets'],
    words: 'spec.imagePullSecrets[dagbok-token-b].name is a secret',
  },
  {
    task: spec({ runtimeClassName: 'kata' }),
    by: ['classes'],
    words: 'spec.runtimeClassName is kata',
    allowed: { runtime_classes: ['kata'] },
  },
  {
    task: spec({ schedulerName: 'mine' }),
    by: ['classes'],
    words: 'spec.schedulerName is mine',
    allowed: { schedulers: ['mine'] },
  },
  {
    task: { priority_class: 'system-node-critical' },
    by: ['classes'],
    words: 'spec.priorityClassName is system-node-critical',
    allowed: { priority_classes: ['system-node-critical'] },
  },
  {
    task: spec({ hostAliases: [{ ip: '10.0.0.1', hostnames: ['dagbok.example'] }] }),
    by: ['network'],
    words: 'spec.hostAliases would change whom',
    allowed: { dns: true },
  },
  {
    task: spec({ dnsPolicy: 'None', dnsConfig: { nameservers: ['10.0.0.1'] } }),
    by: ['network'],
    words: 'spec.dnsConfig would change whom',
    allowed: { dns: true },
  },
  {
    task: spec({ shareProcessNamespace: true }),
    by: ['network'],
    words: 'spec.shareProcessNamespace would let',
  },
  { task: spec({ hostUsers: true }), by: ['network'], words: 'spec.hostUsers may only be false' },
  {
    task: spec({ enableServiceLinks: true }),
    by: ['network'],
    words: 'spec.enableServiceLinks must be false',
  },
  {
    task: { annotations: { 'k8s.v1.cni.cncf.io/networks': 'other' } },
    by: ['annotations'],
    words: 'metadata.annotations["k8s.v1.cni.cncf.io/networks"] is an order',
    allowed: { annotations: ['k8s.v1.cni.cncf.io/'] },
  },
  {
    task: { annotations: { 'io.kubernetes.cri-o.Devices': '/dev/sda' } },
    by: ['annotations'],
    words: 'metadata.annotations["io.kubernetes.cri-o.Devices"] is an order',
    allowed: { annotations: ['io.kubernetes.cri-o.'] },
  },
  {
    task: { annotations: { 'kubernetes.io/config.mirror': 'x' } },
    by: ['annotations'],
    words: 'metadata.annotations["kubernetes.io/config.mirror"] is an order',
    allowed: { annotations: ['kubernetes.io/config.mirror'] },
  },
  {
    task: spec({ terminationGracePeriodSeconds: 0 }),
    by: ['grace'],
    words: 'spec.terminationGracePeriodSeconds must be 30',
  },
  { task: spec({ activeDeadlineSeconds: 0 }), by: ['grace'], words: 'spec.activeDeadlineSeconds must be 1' },
]
