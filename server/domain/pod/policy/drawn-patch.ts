/** For tests: patches and tasks at random, from the fields of a pod with values that are harmless, hostile, or of no shape. */
import fc from 'fast-check'
import type { Json } from '../../json.ts'
import { plainTaskPod, type TaskPod } from '../task-pod.ts'

type JsonMap = { [key: string]: Json }
type Step = readonly string[]

const noise = fc.constantFrom<Json>(
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
  { httpGet: { port: 80 } },
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
const containerFields: Record<string, fc.Arbitrary<Json>> = {
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
  ),
  livenessProbe: handler,
  readinessProbe: handler,
  startupProbe: handler,
  'lifecycle.postStart': handler,
  'lifecycle.preStop': handler,
  env: of(
    [{ name: 'A', value: '$(DAGBOK_TOKEN)' }],
    [{ name: 'DAGBOK_OUT', value: '/' }],
    [{ name: 'A', valueFrom: { secretKeyRef: { name: 'dagbok-token-a', key: 'token' } } }],
  ),
  resources: of({ limits: { cpu: 2 } }, { limits: { cpu: 'much' } }),
  volumeMounts: of(
    [{ name: 'x', mountPath: '/x' }],
    [{ name: 'x', mountPath: '/dagbok/out' }],
    [{ name: 'x', mountPath: '/', mountPropagation: 'Bidirectional' }],
  ),
  restartPolicy: of('Always', 'Never'),
  image: of('busybox', 'Bad Image'),
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
  { ephemeral: { volumeClaimTemplate: { spec: { accessModes: ['ReadWriteOnce'] } } } },
)
const volumeName = fc.constantFrom('x', 'y', 'dagbok-out', 'dagbok-home')
const volume = fc.tuple(volumeName, source).map(([name, more]): JsonMap => ({ name, ...more }))

const podFields: Record<string, fc.Arbitrary<Json>> = {
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
  tolerations: of([{ operator: 'Exists' }]),
  affinity: of({ nodeAffinity: {} }),
  terminationGracePeriodSeconds: of(60, 0),
  topologySpreadConstraints: of([{ topologyKey: 'zone' }]),
  imagePullSecrets: of([{ name: 'r' }], [{ name: 'dagbok-token-a' }]),
  volumes: fc.array(volume, { minLength: 1, maxLength: 2 }).map((list): Json => list),
}
const metaFields: Record<string, fc.Arbitrary<Json>> = {
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

/** A map with a value at a path of it. */
const nested = (path: Step, value: Json): JsonMap =>
  path.reduceRight<Json>((inner, name) => ({ [name]: inner }), value) as JsonMap

/** One map of two: lists one behind the other, of other values the second. */
function joined(a: Json, b: Json): Json {
  if (Array.isArray(a) && Array.isArray(b)) return [...a, ...b]
  if (
    typeof a !== 'object' ||
    typeof b !== 'object' ||
    a === null ||
    b === null ||
    Array.isArray(a) ||
    Array.isArray(b)
  )
    return b
  const out = new Map(Object.entries(a))
  for (const [key, value] of Object.entries(b)) {
    const before = out.get(key)
    out.set(key, before === undefined ? value : joined(before, value))
  }
  return Object.fromEntries(out)
}

const assigned = (fields: Record<string, fc.Arbitrary<Json>>, under: Step) =>
  fc
    .constantFrom(...Object.keys(fields))
    .chain((name) => (fields[name] ?? noise).map((value) => nested([...under, ...name.split('.')], value)))

const containerPatch = fc
  .tuple(
    fc.constantFrom('containers', 'initContainers', 'initContainers', 'ephemeralContainers'),
    fc.constantFrom('main', 'main', 'main', 'own', 'gate', 'outputs'),
    assigned(containerFields, []),
  )
  .map(([list, name, more]): JsonMap => {
    const here =
      name === 'main' && list === 'initContainers'
        ? 'containers'
        : name === 'own' && list === 'containers'
          ? 'initContainers'
          : list
    const image: JsonMap = name === 'own' ? { image: 'busybox' } : {}
    return { spec: { [here]: [{ name, ...image, ...more }] } }
  })

const onePatch = fc.oneof(
  { weight: 6, arbitrary: containerPatch },
  { weight: 4, arbitrary: assigned(podFields, ['spec']) },
  { weight: 1, arbitrary: assigned(metaFields, ['metadata']) },
)
/** Up to four changes in one patch. */
export const drawnPatch: fc.Arbitrary<JsonMap> = fc
  .array(onePatch, { minLength: 1, maxLength: 4 })
  .map((all) => all.reduce((a, b) => joined(a, b) as JsonMap))

const maybe = <T>(arbitrary: fc.Arbitrary<T>, otherwise: T) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary })
const texts = (...values: string[]) => fc.constantFrom(...values)

/** Each key of a task that is a pod, and the patch. */
export const drawnTask: fc.Arbitrary<TaskPod> = fc.record({
  cluster: fc.constant(plainTaskPod.cluster),
  resources: maybe(fc.constantFrom<Record<string, string>>({ 'nvidia.com/gpu': '1' }, { 'a b': '1' }), {}),
  env_from: maybe(
    fc.constantFrom<TaskPod['env_from']>(
      [{ secretRef: { name: 's' } }],
      [{ secretRef: { name: 'dagbok-token-a' } }],
      [{}],
    ),
    [],
  ),
  node_selector: maybe(
    fc.dictionary(texts('zone', 'a b', 'kubernetes.io/os'), texts('linux', 'windows', 'a b')),
    {},
  ),
  tolerations: maybe(fc.constant<TaskPod['tolerations']>([{ operator: 'Exists' }]), []),
  affinity: maybe(fc.constantFrom<TaskPod['affinity']>({ nodeAffinity: {} }, { other: {} }), null),
  priority_class: maybe(texts('low', 'system-cluster-critical', 'A B'), null),
  service_account: maybe(texts('admin', 'A B'), null),
  image_pull_secrets: maybe(fc.array(texts('r', 'dagbok-x'), { maxLength: 2 }), []),
  volumes: maybe(fc.array(volume, { maxLength: 2 }) as unknown as fc.Arbitrary<TaskPod['volumes']>, []),
  volume_mounts: maybe(
    fc.array(
      fc.record({ name: volumeName, mountPath: texts('/x', '/dagbok', '/dagbok/out', '/', '/a/../dagbok') }),
      { maxLength: 2 },
    ),
    [],
  ),
  labels: maybe(
    fc.dictionary(texts('team', 'dagbok.dev/run', 'a b', 'app.kubernetes.io/name'), texts('ml', 'a b')),
    {},
  ),
  annotations: maybe(
    fc.dictionary(
      texts('note', 'container.apparmor.security.beta.kubernetes.io/main', 'dagbok.dev/spec-hash'),
      texts('unconfined', 'runtime/default', 'x'),
    ),
    {},
  ),
  patch: fc.option(drawnPatch, { freq: 3 }),
})
