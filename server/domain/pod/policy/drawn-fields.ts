/** For tests: fields of a pod, each with values that are harmless, hostile, malformed, or of no shape. */
import fc from 'fast-check'
import type { Json } from '../../json.ts'

export type JsonMap = { [key: string]: Json }

export const noise = fc.constantFrom<Json>(
  null,
  true,
  false,
  0,
  1,
  -1,
  '',
  'x',
  'true',
  [],
  {},
  [null],
  [{}],
  { $patch: 'delete' },
  { $patch: 'replace' },
)
const of = (...values: Json[]) =>
  fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...values) }, { weight: 1, arbitrary: noise })
const flag = of(true, false, false, null)
const id = of(0, 1, 1000, 2000, -1, 65_534)
const profile = of(
  { type: 'RuntimeDefault' },
  { type: 'Localhost', localhostProfile: 'p' },
  { type: 'Unconfined' },
  { type: '' },
)
const seLinux = of(
  { level: 's0' },
  { type: 'container_t' },
  { type: 'spc_t' },
  { user: 'root' },
  { role: 'sysadm_r' },
)
const windows = of({ hostProcess: true }, { hostProcess: false })
const handler = of(
  { exec: { command: ['true'] } },
  { exec: { command: [] } },
  { httpGet: { port: 80 } },
  { httpGet: { port: 'Bad Name' } },
  { httpGet: { port: 80 }, periodSeconds: -1 },
  { exec: { command: ['true'] }, grpc: { port: 1 } },
  { exec: { command: ['true'] }, successThreshold: 2 },
  { httpGet: { port: 80, host: 'other' } },
  { tcpSocket: { port: 1, host: '169.254.169.254' } },
  { tcpSocket: { port: 1 } },
)

const identity = {
  runAsUser: id,
  runAsGroup: id,
  runAsNonRoot: flag,
  seccompProfile: profile,
  appArmorProfile: profile,
  seLinuxOptions: seLinux,
  windowsOptions: windows,
}
export const containerFields: Record<string, fc.Arbitrary<Json>> = {
  ...Object.fromEntries(Object.entries(identity).map(([name, value]) => [`securityContext.${name}`, value])),
  securityContext: of(null, {}, { privileged: true }),
  'securityContext.privileged': flag,
  'securityContext.allowPrivilegeEscalation': flag,
  'securityContext.procMount': of('Default', 'Unmasked'),
  'securityContext.capabilities': of(
    { add: ['NET_BIND_SERVICE'] },
    { add: ['NET_RAW'] },
    { add: ['ALL'] },
    { drop: ['NET_RAW'] },
    { drop: ['ALL', 'CHOWN'] },
    { drop: ['all'] },
  ),
  'securityContext.readOnlyRootFilesystem': flag,
  ports: of(
    [{ containerPort: 80 }],
    [{ containerPort: 80, hostPort: 80 }],
    [{ containerPort: 80, hostPort: 0 }],
    [{ containerPort: 0 }],
    [{ containerPort: 8080, name: 'web' }],
    [{ containerPort: 8080, name: 'a--b' }],
  ),
  livenessProbe: handler,
  readinessProbe: handler,
  startupProbe: handler,
  'lifecycle.postStart': handler,
  'lifecycle.preStop': handler,
  env: of(
    [{ name: 'A', value: '$(DAGBOK_TOKEN)' }],
    [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
    [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'status.phase' } } }],
    [{ name: 'A', valueFrom: { fieldRef: { fieldPath: "metadata.labels['team']" } } }],
    [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } }],
    [{ name: 'A', valueFrom: { resourceFieldRef: { resource: 'cpu' } } }],
    [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
    [{ name: 'A', value: 'x', valueFrom: { configMapKeyRef: { name: 'c', key: 'k' } } }],
    [{ name: 'A', valueFrom: {} }],
    [{ name: 'DAGBOK_OUT', value: '/' }],
    [{ name: 'A', valueFrom: { secretKeyRef: { name: 'dagbok-token-a', key: 'token' } } }],
  ),
  resources: of(
    { limits: { cpu: 2 } },
    { limits: { cpu: 'much' } },
    { limits: { cpu: '500m' } },
    { requests: { cpu: '100m' } },
    { limits: { 'nvidia.com/gpu': 1 } },
    { requests: { 'nvidia.com/gpu': 1 } },
    { limits: { 'nvidia.com/gpu': '1.5' } },
    { limits: { 'ephemeral-storage': '1Gi' } },
    { limits: { gpu: 1 } },
    { limits: { memory: '0.5Gi' }, requests: { memory: '512Mi' } },
  ),
  volumeMounts: of(
    [{ name: 'x', mountPath: '/x' }],
    [{ name: 'x', mountPath: '/dagbok/out' }],
    [{ name: 'x', mountPath: '/', mountPropagation: 'Bidirectional' }],
  ),
  restartPolicy: of('Always', 'Never'),
  image: of('busybox', 'Bad Image'),
  imagePullPolicy: of('Always', 'Sometimes'),
  terminationMessagePolicy: of('FallbackToLogsOnError'),
  envFrom: of([{ configMapRef: { name: 'c' } }], [{ prefix: 'X' }]),
  command: of(['true']),
  $patch: of('delete', 'replace'),
}
const source = fc.constantFrom<JsonMap>(
  { emptyDir: {} },
  { configMap: { name: 'c' } },
  { secret: { secretName: 's' } },
  { persistentVolumeClaim: { claimName: 'c' } },
  { hostPath: { path: '/' } },
  { nfs: { server: 's', path: '/' } },
  { iscsi: { targetPortal: 'x' } },
  { csi: { driver: 'd' } },
  { projected: { sources: [{ serviceAccountToken: { path: 't' } }] } },
  { emptyDir: {}, hostPath: { path: '/' } },
  {},
  { gitRepo: { repository: 'r' } },
  { image: { reference: 'busybox' } },
  {
    ephemeral: {
      volumeClaimTemplate: {
        spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
      },
    },
  },
  { emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
  { emptyDir: { sizeLimit: '-1' } },
  { projected: { sources: [{ configMap: { name: 'c' } }, { secret: { name: 's' } }], defaultMode: 0o440 } },
  { projected: { sources: [{}] } },
  { downwardAPI: { items: [{ path: 'l', fieldRef: { fieldPath: 'metadata.labels' } }] } },
  { downwardAPI: { items: [{ path: '../l', fieldRef: { fieldPath: 'status.phase' } }] } },
  { configMap: { name: 'c', items: [{ key: 'k', path: '/abs' }] } },
  { ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
)
export const volumeName = fc.constantFrom('x', 'y', 'dagbok-out', 'dagbok-home')
export const volume = fc.tuple(volumeName, source).map(([name, more]): JsonMap => ({ name, ...more }))

export const podFields: Record<string, fc.Arbitrary<Json>> = {
  ...Object.fromEntries(Object.entries(identity).map(([name, value]) => [`securityContext.${name}`, value])),
  securityContext: of(null, { $patch: 'replace', runAsUser: 1000 }),
  'securityContext.fsGroup': id,
  'securityContext.supplementalGroups': of([0], [1000]),
  'securityContext.sysctls': of(
    [{ name: 'net.ipv4.tcp_syncookies', value: '1' }],
    [{ name: 'kernel.msgmax', value: '1' }],
    [{ name: 'net.ipv4.tcp_syncookies.x', value: '1' }],
  ),
  hostNetwork: flag,
  hostPID: flag,
  hostIPC: flag,
  hostUsers: flag,
  shareProcessNamespace: flag,
  automountServiceAccountToken: flag,
  enableServiceLinks: flag,
  serviceAccountName: of('admin', 'default'),
  serviceAccount: of('admin'),
  nodeName: of('n'),
  schedulerName: of('default-scheduler', 'x'),
  runtimeClassName: of('kata'),
  priorityClassName: of('low', 'system-node-critical'),
  restartPolicy: of('Never', 'Always'),
  os: of({ name: 'windows' }, { name: 'linux' }),
  dnsPolicy: of('Default', 'None'),
  hostAliases: of([{ ip: '1.1.1.1', hostnames: ['dagbok.example'] }]),
  nodeSelector: of({ zone: 'a' }, { 'a b': 'c' }),
  tolerations: of(
    [{ operator: 'Exists' }],
    [{ key: 'a', operator: 'Exists', value: 'x' }],
    [{ value: 'x' }],
    [{ key: 'a', value: 'x', effect: 'NoExecute', tolerationSeconds: 5 }],
    [{ key: 'a', value: 'a b' }],
  ),
  affinity: of(
    { nodeAffinity: {} },
    {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [{ matchExpressions: [{ key: 'zone', operator: 'In', values: ['a'] }] }],
        },
      },
    },
    {
      podAntiAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'zone' } },
        ],
      },
    },
  ),
  hostname: of('a', 'A_b'),
  subdomain: of('a'),
  setHostnameAsFQDN: flag,
  activeDeadlineSeconds: of(60, 0),
  resourceClaims: of([{ name: 'gpu', resourceClaimTemplateName: 't' }], [{ name: 'gpu' }]),
  terminationGracePeriodSeconds: of(60, 0),
  topologySpreadConstraints: of(
    [{ topologyKey: 'zone' }],
    [
      {
        topologyKey: 'zone',
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: { a: 'b' } },
      },
    ],
  ),
  imagePullSecrets: of([{ name: 'r' }], [{ name: 'dagbok-token-a' }]),
  volumes: fc.array(volume, { minLength: 1, maxLength: 2 }).map((list): Json => list),
}
export const metaFields: Record<string, fc.Arbitrary<Json>> = {
  name: of('other'),
  namespace: of('kube-system', 'team-ml'),
  finalizers: of(['x']),
  ownerReferences: of([{ uid: 'u' }]),
  labels: of({ team: 'ml' }, { 'dagbok.dev/run': 'x' }, { 'dagbok.dev/run': null }),
  annotations: of(
    { note: 'x' },
    { 'container.apparmor.security.beta.kubernetes.io/main': 'unconfined' },
    { 'container.apparmor.security.beta.kubernetes.io/gate': 'localhost/x' },
    { 'io.kubernetes.cri-o.Devices': 'x' },
  ),
}
