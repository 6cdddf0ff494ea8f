/** For tests: what a task could try to get out of its bounds, each with the rules that refuse it and the words it is told in. */
import type { TaskPod } from '../task-pod.ts'
import type { Json } from '../../json.ts'
import type { Allowed } from './allowed.ts'

type JsonMap = { [key: string]: Json }
export interface Escalation {
  task: Partial<TaskPod>
  /** Names of the rules that refuse it: without them it passes. */
  by: string[]
  /** Its sentence begins so. */
  words: string
  /** An admin's word that lets it through; without it, none does. */
  allowed?: Partial<Allowed>
}

const spec = (patch: JsonMap) => ({ patch: { spec: patch } })
const main = (patch: JsonMap) => spec({ containers: [{ name: 'main', ...patch }] })
const inMain = (securityContext: JsonMap) => main({ securityContext })
const inPod = (securityContext: JsonMap) => spec({ securityContext })
const volume = (more: JsonMap) => spec({ volumes: [{ name: 'x', ...more }] })
const container = (more: JsonMap) => spec({ initContainers: [{ name: 'own', image: 'busybox', ...more }] })
const metadata = (patch: JsonMap) => ({ patch: { metadata: patch } })
const first = 'spec.containers[main]'

const standard: Escalation[] = [
  {
    task: spec({ hostNetwork: true }),
    by: ['hostNamespaces'],
    words: 'spec.hostNetwork would',
    allowed: { host_network: true },
  },
  { task: spec({ hostPID: true }), by: ['hostNamespaces'], words: 'spec.hostPID would' },
  { task: spec({ hostIPC: true }), by: ['hostNamespaces'], words: 'spec.hostIPC would' },
  {
    task: inMain({ privileged: true }),
    by: ['privileged'],
    words: `${first}.securityContext.privileged would`,
    allowed: { privileged: true },
  },
  {
    task: container({ securityContext: { privileged: true } }),
    by: ['privileged'],
    words: 'spec.initContainers[own].securityContext.privileged would',
    allowed: { privileged: true },
  },
  {
    task: inMain({ allowPrivilegeEscalation: true }),
    by: ['escalation'],
    words: `${first}.securityContext.allowPrivilegeEscalation must`,
  },
  {
    task: inMain({ allowPrivilegeEscalation: null }),
    by: ['escalation'],
    words: `${first}.securityContext.allowPrivilegeEscalation must`,
  },
  {
    task: main({ securityContext: null }),
    by: ['escalation', 'capabilities'],
    words: `${first}.securityContext.`,
  },
  {
    task: inMain({ capabilities: { add: ['SYS_ADMIN'] } }),
    by: ['capabilities'],
    words: `${first}.securityContext.capabilities.add[0] is SYS_ADMIN`,
    allowed: { capabilities: ['SYS_ADMIN'] },
  },
  {
    task: inMain({ capabilities: { drop: ['NET_RAW'] } }),
    by: ['capabilities'],
    words: `${first}.securityContext.capabilities.drop must`,
  },
  {
    task: inMain({ capabilities: null }),
    by: ['capabilities'],
    words: `${first}.securityContext.capabilities.drop must`,
  },
  {
    task: inMain({ procMount: 'Unmasked' }),
    by: ['procMount'],
    words: `${first}.securityContext.procMount must`,
  },
  {
    task: inPod({ runAsNonRoot: false }),
    by: ['nonRoot'],
    words: 'spec.securityContext.runAsNonRoot must',
    allowed: { root: true },
  },
  {
    task: inPod({ runAsNonRoot: null }),
    by: ['nonRoot'],
    words: 'spec.securityContext.runAsNonRoot must',
    allowed: { root: true },
  },
  {
    task: inMain({ runAsNonRoot: false }),
    by: ['nonRoot'],
    words: `${first}.securityContext.runAsNonRoot must`,
    allowed: { root: true },
  },
  {
    task: inPod({ runAsUser: 0 }),
    by: ['userIds', 'oneUser'],
    words: 'spec.securityContext.runAsUser is 0',
    allowed: { root: true },
  },
  {
    task: inMain({ runAsUser: 0 }),
    by: ['userIds', 'oneUser'],
    words: `${first}.securityContext.runAsUser is 0`,
  },
  {
    task: inPod({ seccompProfile: null }),
    by: ['seccomp'],
    words: 'spec.securityContext.seccompProfile is missing',
  },
  {
    task: inPod({ seccompProfile: { type: 'Unconfined' } }),
    by: ['seccomp'],
    words: 'spec.securityContext.seccompProfile.type must',
  },
  {
    task: inMain({ seccompProfile: { type: 'Unconfined' } }),
    by: ['seccomp'],
    words: `${first}.securityContext.seccompProfile.type must`,
  },
  {
    task: inMain({ appArmorProfile: { type: 'Unconfined' } }),
    by: ['appArmor'],
    words: `${first}.securityContext.appArmorProfile.type must`,
  },
  {
    task: { annotations: { 'container.apparmor.security.beta.kubernetes.io/main': 'unconfined' } },
    by: ['annotations'],
    words: 'metadata.annotations["container.apparmor.security.beta.kubernetes.io/main"] is an order',
    allowed: { annotations: ['container.apparmor.security.beta.kubernetes.io/'] },
  },
  {
    task: inPod({ seLinuxOptions: { type: 'spc_t' } }),
    by: ['seLinux'],
    words: 'spec.securityContext.seLinuxOptions.type must',
  },
  {
    task: inMain({ seLinuxOptions: { user: 'root' } }),
    by: ['seLinux'],
    words: `${first}.securityContext.seLinuxOptions.user must`,
  },
  {
    task: inMain({ seLinuxOptions: { role: 'sysadm_r' } }),
    by: ['seLinux'],
    words: `${first}.securityContext.seLinuxOptions.role must`,
  },
  {
    task: inPod({ sysctls: [{ name: 'kernel.msgmax', value: '1' }] }),
    by: ['sysctls'],
    words: 'spec.securityContext.sysctls[kernel.msgmax] is none of the safe',
    allowed: { sysctls: ['kernel.msgmax'] },
  },
  {
    task: main({ ports: [{ containerPort: 80, hostPort: 80 }] }),
    by: ['hostPorts'],
    words: `${first}.ports[0].hostPort would`,
    allowed: { host_ports: true },
  },
  {
    task: main({ ports: [{ containerPort: 80, hostIP: '10.0.0.1' }] }),
    by: ['hostPorts'],
    words: `${first}.ports[0].hostIP would`,
    allowed: { host_ports: true },
  },
  {
    task: main({ livenessProbe: { httpGet: { port: 1, host: '169.254.169.254' } } }),
    by: ['probeHosts'],
    words: `${first}.livenessProbe.httpGet.host would`,
  },
  {
    task: main({ lifecycle: { postStart: { tcpSocket: { port: 1, host: 'x' } } } }),
    by: ['probeHosts'],
    words: `${first}.lifecycle.postStart.tcpSocket.host would`,
  },
  {
    task: volume({ nfs: { server: 's', path: '/' } }),
    by: ['volumeTypes'],
    words: 'spec.volumes[x].nfs is a type',
    allowed: { volume_types: ['nfs'] },
  },
  {
    task: volume({ hostPath: { path: '/' } }),
    by: ['volumeTypes', 'hostPaths'],
    words: 'spec.volumes[x].hostPath is a type',
    allowed: { volume_types: ['hostPath'], host_paths: ['/'] },
  },
  {
    task: { volumes: [{ name: 'x', hostPath: { path: '/var/run/docker.sock' } }] },
    by: ['volumeTypes', 'hostPaths'],
    words: 'spec.volumes[x].hostPath is a type',
    allowed: { volume_types: ['hostPath'], host_paths: ['/var/run'] },
  },
  {
    task: volume({ emptyDir: {}, hostPath: { path: '/' } }),
    by: ['volumeTypes', 'hostPaths'],
    words: 'spec.volumes[x] has emptyDir and hostPath',
  },
]

const ours: Escalation[] = [
  {
    task: metadata({ namespace: 'kube-system' }),
    by: ['name'],
    words: 'metadata.namespace is ours, and must stay team-ml',
  },
  { task: metadata({ name: 'other' }), by: ['name'], words: 'metadata.name is ours' },
  { task: metadata({ finalizers: null }), by: ['finalizers'], words: 'metadata.finalizers are ours' },
  {
    task: metadata({ finalizers: ['dagbok.dev/recorded', 'other.example/x'] }),
    by: ['finalizers'],
    words: 'metadata.finalizers are ours',
  },
  {
    task: metadata({ labels: { 'dagbok.dev/run': null } }),
    by: ['marks'],
    words: 'metadata.labels["dagbok.dev/run"] is ours',
  },
  {
    task: metadata({ labels: { 'dagbok.dev/more': 'x' } }),
    by: ['marks'],
    words: 'metadata.labels["dagbok.dev/more"] is ours',
  },
  {
    task: { labels: { 'app.kubernetes.io/instance': 'other' } },
    by: ['marks'],
    words: 'metadata.labels["app.kubernetes.io/instance"] is ours',
  },
  {
    task: { annotations: { 'dagbok.dev/attempt-id': 'other' } },
    by: ['marks'],
    words: 'metadata.annotations["dagbok.dev/attempt-id"] is ours',
  },
  {
    task: spec({ initContainers: [{ name: 'gate', $patch: 'delete' }] }),
    by: ['agents'],
    words: "spec.initContainers lack 'gate'",
  },
  {
    task: spec({ initContainers: [{ name: 'gate', image: 'busybox' }] }),
    by: ['agents'],
    words: 'spec.initContainers[gate] is ours',
  },
  {
    task: spec({
      initContainers: [{ name: 'gate', env: [{ name: 'DAGBOK_ADDRESS', value: 'https://other' }] }],
    }),
    by: ['agents'],
    words: 'spec.initContainers[gate] is ours',
  },
  {
    task: spec({ initContainers: [{ name: 'outputs', restartPolicy: null }] }),
    by: ['agents'],
    words: 'spec.initContainers[outputs] is ours',
  },
  {
    task: spec({ initContainers: [{ name: 'outputs', $patch: 'delete' }] }),
    by: ['agents'],
    words: "spec.initContainers lack 'outputs'",
  },
  {
    task: {
      volumes: [
        { name: 'x', emptyDir: {} },
        { name: 'x', secret: { secretName: 's' } },
      ],
    },
    by: ['uniqueNames'],
    words: 'spec.volumes[x].name is also that of another volume',
  },
  {
    task: container({ name: 'main' }),
    by: ['uniqueNames', 'mounts'],
    words: 'spec.containers[main].name is also that of another container',
  },
  {
    task: spec({
      containers: [
        {
          name: 'side',
          image: 'busybox',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    }),
    by: ['main'],
    words: 'spec.containers[side] would keep the pod',
  },
  {
    task: spec({ containers: [{ name: 'main', $patch: 'delete' }] }),
    by: ['main'],
    words: "spec.containers lack 'main'",
  },
  { task: main({ image: 'other' }), by: ['main'], words: `${first}.image is that of the task` },
  { task: main({ command: ['sh'] }), by: ['main'], words: `${first}.command is that of the task` },
  { task: main({ args: ['x'] }), by: ['main'], words: `${first}.args are those of the task` },
  { task: main({ workingDir: '/' }), by: ['main'], words: `${first}.workingDir is the folder` },
  {
    task: main({ restartPolicy: 'Always' }),
    by: ['main'],
    words: `${first}.restartPolicy would start its code again`,
  },
  {
    task: main({ env: [{ name: 'DAGBOK_OUT', value: '/elsewhere' }] }),
    by: ['main'],
    words: `${first}.env have DAGBOK_OUT changed`,
  },
  {
    task: main({ env: [{ name: 'DAGBOK_NEW', value: 'x' }] }),
    by: ['main'],
    words: `${first}.env have DAGBOK_NEW changed`,
  },
  {
    task: main({ env: [{ name: 'HOME', $patch: 'delete' }] }),
    by: ['main'],
    words: `${first}.env have HOME changed`,
  },
  {
    task: container({ restartPolicy: 'OnFailure' }),
    by: ['ownInit'],
    words: "spec.initContainers[own].restartPolicy is 'OnFailure'",
  },
  { task: container({ image: null }), by: ['ownInit'], words: 'spec.initContainers[own].image is missing' },
  {
    task: main({ volumeMounts: [{ mountPath: '/dagbok/out', name: 'dagbok-home' }] }),
    by: ['mounts'],
    words: `${first}.volumeMounts`,
  },
  {
    task: main({ volumeMounts: [{ mountPath: '/dagbok/tmp', $patch: 'delete' }] }),
    by: ['mounts'],
    words: `${first}.volumeMounts lack /dagbok/tmp`,
  },
  {
    task: {
      volumes: [{ name: 'x', emptyDir: {} }],
      volume_mounts: [{ name: 'x', mountPath: '/dagbok/out/../in' }],
    },
    by: ['mounts'],
    words: `${first}.volumeMounts[x].mountPath must be an absolute path`,
  },
  {
    task: {
      volumes: [{ name: 'x', emptyDir: {} }],
      volume_mounts: [{ name: 'x', mountPath: '/a', mountPropagation: 'Bidirectional' }],
    },
    by: ['mounts'],
    words: `${first}.volumeMounts[x].mountPropagation must`,
  },
  {
    task: { volume_mounts: [{ name: 'dagbok-checkout', mountPath: '/elsewhere' }] },
    by: ['mounts'],
    words: `${first}.volumeMounts[dagbok-checkout].name is a volume of ours`,
  },
  {
    task: spec({ volumes: [{ name: 'dagbok-out', emptyDir: { medium: 'Memory' } }] }),
    by: ['volumes'],
    words: "spec.volumes lack 'dagbok-out' as it was",
  },
  {
    task: spec({ volumes: [{ name: 'dagbok-more', emptyDir: {} }] }),
    by: ['volumes'],
    words: 'spec.volumes[dagbok-more].name begins with dagbok-',
  },
]

const reach: Escalation[] = [
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

const forms: Escalation[] = [
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
    by: ['containers'],
    words: `${first}.resources.limits.memory is no quantity`,
  },
  {
    task: main({ resources: { limits: { 'a b': 1 } } }),
    by: ['containers'],
    words: `${first}.resources.limits["a b"] is no name of a resource`,
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
]

export const escalations: readonly Escalation[] = [...standard, ...ours, ...reach, ...forms]

/** Fields that no schema of ours has: each is told why, or that it is none. */
export const unknownFields: [JsonMap, string][] = [
  [{ nodeName: 'node-1' }, 'spec.nodeName may not be set: it would go past the scheduler'],
  [{ priority: 2_000_000_000 }, 'spec.priority may not be set: it is given by the class'],
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
