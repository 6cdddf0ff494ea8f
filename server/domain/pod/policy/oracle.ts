/**
 * The Pod Security Standard *restricted* a second time, from the tables of its documentation (1.35, without what it lets pass for
 * Windows and for user namespaces): fields, and the values that each may have. Shares nothing with the policy.
 */

interface Control {
  name: string
  fields: readonly string[]
  allowed: (value: unknown, owner: unknown) => boolean
}

const each = (...fields: string[]) =>
  ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) =>
    fields.map((field) => `spec.${list}[*].${field}`),
  )
const anywhere = (...fields: string[]) => [...fields.map((field) => `spec.${field}`), ...each(...fields)]
const among =
  (...values: unknown[]) =>
  (value: unknown) =>
    values.includes(value ?? undefined)
const unset = among(undefined)

/** The values of a field, with the objects that they are in; of a list all items'. What is not there is undefined. */
function valuesAt(root: unknown, path: string): { value: unknown; owner: unknown }[] {
  let found: { value: unknown; owner: unknown }[] = [{ value: root, owner: null }]
  for (const step of path.split('.')) {
    const [name = '', ...stars] = step.split('[*]')
    found = found.map(({ value }) => ({
      value: (value as Record<string, unknown> | null | undefined)?.[name],
      owner: value,
    }))
    for (const _ of stars)
      found = found.flatMap(({ value }) =>
        Array.isArray(value) ? value.map((one: unknown) => ({ value: one, owner: value })) : [],
      )
  }
  return found
}

const baseline: Control[] = [
  {
    name: 'HostProcess',
    fields: anywhere('securityContext.windowsOptions.hostProcess'),
    allowed: among(undefined, false),
  },
  {
    name: 'Host Namespaces',
    fields: ['spec.hostNetwork', 'spec.hostPID', 'spec.hostIPC'],
    allowed: among(undefined, false),
  },
  {
    name: 'Privileged Containers',
    fields: each('securityContext.privileged'),
    allowed: among(undefined, false),
  },
  { name: 'HostPath Volumes', fields: ['spec.volumes[*].hostPath'], allowed: unset },
  { name: 'Host Ports', fields: each('ports[*].hostPort'), allowed: among(undefined, 0) },
  {
    name: 'Host Probes / Lifecycle Hooks',
    fields: each(
      ...[
        'livenessProbe',
        'readinessProbe',
        'startupProbe',
        'lifecycle.postStart',
        'lifecycle.preStop',
      ].flatMap((handler) => [`${handler}.httpGet.host`, `${handler}.tcpSocket.host`]),
    ),
    allowed: among(undefined, ''),
  },
  {
    name: 'AppArmor',
    fields: anywhere('securityContext.appArmorProfile.type'),
    allowed: among(undefined, 'RuntimeDefault', 'Localhost'),
  },
  {
    name: 'AppArmor annotations',
    fields: ['metadata.annotations'],
    allowed: (annotations) =>
      Object.entries((annotations ?? {}) as Record<string, string>).every(
        ([key, value]) =>
          !key.startsWith('container.apparmor.security.beta.kubernetes.io/') ||
          /^$|^runtime\/default$|^localhost\//.test(value),
      ),
  },
  {
    name: 'SELinux type',
    fields: anywhere('securityContext.seLinuxOptions.type'),
    allowed: among(undefined, '', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t'),
  },
  {
    name: 'SELinux user and role',
    fields: anywhere('securityContext.seLinuxOptions.user', 'securityContext.seLinuxOptions.role'),
    allowed: among(undefined, ''),
  },
  {
    name: '/proc Mount Type',
    fields: each('securityContext.procMount'),
    allowed: among(undefined, 'Default'),
  },
  {
    name: 'Sysctls',
    fields: ['spec.securityContext.sysctls[*].name'],
    allowed: (name) =>
      /^kernel\.shm_rmid_forced$|^net\.ipv4\.(ip_(local_port_range|unprivileged_port_start|local_reserved_ports)|tcp_(syncookies|keepalive_time|fin_timeout|keepalive_intvl|keepalive_probes|rmem|wmem)|ping_group_range)$/.test(
        String(name),
      ),
  },
]

const volumeKinds =
  /^(name|configMap|csi|downwardAPI|emptyDir|ephemeral|image|persistentVolumeClaim|projected|secret)$/

const restricted: Control[] = [
  {
    name: 'Volume Types',
    fields: ['spec.volumes[*]'],
    // One of no type is an emptyDir.
    allowed: (volume) => {
      const kinds = Object.entries(volume as object).filter(
        ([, value]) => value !== undefined && value !== null,
      )
      return kinds.every(([kind]) => volumeKinds.test(kind))
    },
  },
  {
    name: 'Privilege Escalation',
    fields: each('securityContext.allowPrivilegeEscalation'),
    allowed: among(false),
  },
  {
    name: 'Running as Non-root user',
    fields: anywhere('securityContext.runAsUser'),
    allowed: (id) => id !== 0,
  },
  {
    name: 'Capabilities dropped',
    fields: each('securityContext.capabilities.drop'),
    allowed: (drop) => Array.isArray(drop) && drop.includes('ALL'),
  },
  {
    name: 'Capabilities added',
    fields: each('securityContext.capabilities.add[*]'),
    allowed: among('NET_BIND_SERVICE'),
  },
]

/** What may stand at the pod for all its containers. */
const inherited = [
  { name: 'Running as Non-root', field: 'securityContext.runAsNonRoot', allowed: [true] },
  { name: 'Seccomp', field: 'securityContext.seccompProfile.type', allowed: ['RuntimeDefault', 'Localhost'] },
]

/** Names of all controls: for a test that reaches each. */
export const controlNames = [...baseline, ...restricted, ...inherited].map(({ name }) => name)

/** Names of the controls that a pod does not keep; none when it is restricted. */
export function violations(pod: unknown): string[] {
  const plain = [...baseline, ...restricted].filter(({ fields, allowed }) =>
    fields.some((field) => valuesAt(pod, field).some(({ value, owner }) => !allowed(value, owner))),
  )
  const whole = inherited.filter(({ field, allowed }) => {
    const [forAll] = valuesAt(pod, `spec.${field}`).map(({ value }) => value)
    const wrong = (value: unknown) => !(allowed as unknown[]).includes(value)
    if (forAll !== undefined && forAll !== null && wrong(forAll)) return true
    return each(field).some((one) => valuesAt(pod, one).some(({ value }) => wrong(value ?? forAll)))
  })
  return [...plain, ...whole].map(({ name }) => name)
}
