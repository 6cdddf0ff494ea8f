/**
 * The Pod Security Standard *restricted* of Kubernetes 1.33 and newer, rule by rule, without what it lets pass for Windows
 * and for pods with users of their own. Where versions differ the stricter one counts.
 */
import type { PodFault } from '../fault.ts'
import type { SecurityContext } from '../manifest-parts.ts'
import { restrictedVolumes, typesOf } from '../manifest-volumes.ts'
import { allows, may } from './allowed.ts'
import { askAdmin, containersOf, contextsOf, fault, type Placed, type Rule, type View } from './rule.ts'

const profiles = ['RuntimeDefault', 'Localhost']
const seLinuxTypes = ['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']
const safeSysctls = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_local_reserved_ports',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.ping_group_range',
  'net.ipv4.tcp_fin_timeout',
  'net.ipv4.tcp_keepalive_intvl',
  'net.ipv4.tcp_keepalive_probes',
  'net.ipv4.tcp_keepalive_time',
  'net.ipv4.tcp_rmem',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.tcp_wmem',
]

type Each = (placed: Placed & { context: SecurityContext }, view: View) => PodFault[]

/** A rule on the security context of every container; one that has none has an empty one. */
const ofEach =
  (check: Each): Rule =>
  (view) =>
    containersOf(view.pod).flatMap((placed) =>
      check({ ...placed, context: placed.container.securityContext ?? {} }, view),
    )

const hostNamespaces: Rule = ({ pod: { spec }, allowance }) => [
  ...(spec.hostNetwork === true && !may(allowance, 'host_network')
    ? [fault(['spec', 'hostNetwork'], `would put it into the node's own network: leave it out, ${askAdmin}`)]
    : []),
  ...(['hostPID', 'hostIPC'] as const)
    .filter((name) => spec[name] === true)
    .map((name) => fault(['spec', name], "would show it the node's other processes: leave it out")),
]

const privileged = ofEach(({ context, path }, { allowance }) =>
  context.privileged === true && !may(allowance, 'privileged')
    ? [fault([...path, 'securityContext', 'privileged'], `would give it the node: leave it out, ${askAdmin}`)]
    : [],
)

const escalation = ofEach(({ context, path }, { allowance }) =>
  context.allowPrivilegeEscalation === false || (may(allowance, 'privileged') && context.privileged === true)
    ? []
    : [fault([...path, 'securityContext', 'allowPrivilegeEscalation'], 'must be false')],
)

const capabilities = ofEach(({ context, path }, { allowance }) => {
  const { add = [], drop = [] } = context.capabilities ?? {}
  const at = [...path, 'securityContext', 'capabilities']
  return [
    ...(drop.includes('ALL') ? [] : [fault([...at, 'drop'], 'must have ALL in it')]),
    ...add.flatMap((name, index) =>
      name === 'NET_BIND_SERVICE' || allows(allowance, 'capabilities', name)
        ? []
        : [
            fault(
              [...at, 'add', index],
              `is ${name}, and may only be NET_BIND_SERVICE: leave it out, ${askAdmin}`,
            ),
          ],
    ),
  ]
})

const procMount = ofEach(({ context, path }) =>
  context.procMount === undefined || context.procMount === 'Default'
    ? []
    : [fault([...path, 'securityContext', 'procMount'], 'must be Default: leave it out')],
)

const nonRoot: Rule = (view) => {
  const { pod, allowance } = view
  if (may(allowance, 'root')) return []
  const words = 'must be true: no process of a pod may be of root'
  const whole = pod.spec.securityContext?.runAsNonRoot
  return [
    ...(whole === true ? [] : [fault(['spec', 'securityContext', 'runAsNonRoot'], words)]),
    ...containersOf(pod).flatMap(({ container, path }) =>
      container.securityContext?.runAsNonRoot === false
        ? [fault([...path, 'securityContext', 'runAsNonRoot'], words)]
        : [],
    ),
  ]
}

const userIds: Rule = ({ pod, allowance }) =>
  contextsOf(pod).flatMap(({ context, path }) =>
    context.runAsUser === 0 && !may(allowance, 'root')
      ? [fault([...path, 'runAsUser'], 'is 0, which is root: take another id')]
      : [],
  )

const seccomp: Rule = ({ pod }) => {
  const whole = pod.spec.securityContext?.seccompProfile
  return [
    ...(whole === undefined
      ? [fault(['spec', 'securityContext', 'seccompProfile'], 'is missing: write {type: RuntimeDefault}')]
      : []),
    ...contextsOf(pod).flatMap(({ context: { seccompProfile }, path }) =>
      seccompProfile === undefined || profiles.includes(seccompProfile.type)
        ? []
        : [fault([...path, 'seccompProfile', 'type'], `must be one of ${profiles.join(', ')}`)],
    ),
  ]
}

const appArmor: Rule = ({ pod }) =>
  contextsOf(pod).flatMap(({ context: { appArmorProfile }, path }) =>
    appArmorProfile === undefined || profiles.includes(appArmorProfile.type)
      ? []
      : [fault([...path, 'appArmorProfile', 'type'], `must be one of ${profiles.join(', ')}`)],
  )

const seLinux: Rule = ({ pod }) =>
  contextsOf(pod).flatMap(({ context: { seLinuxOptions: options = {} }, path }) => {
    const at = [...path, 'seLinuxOptions']
    return [
      ...(seLinuxTypes.includes(options.type ?? '')
        ? []
        : [
            fault([...at, 'type'], `must be one of ${seLinuxTypes.filter((type) => type !== '').join(', ')}`),
          ]),
      ...(['user', 'role'] as const)
        .filter((name) => (options[name] ?? '') !== '')
        .map((name) => fault([...at, name], 'must be left out')),
    ]
  })

const sysctls: Rule = ({ pod, allowance }) =>
  (pod.spec.securityContext?.sysctls ?? []).flatMap(({ name }, index) =>
    safeSysctls.includes(name) || allows(allowance, 'sysctls', name)
      ? []
      : [
          fault(
            ['spec', 'securityContext', 'sysctls', index],
            `is none of the safe ones (${safeSysctls.join(', ')}): leave it out, ${askAdmin}`,
          ),
        ],
  )

const hostPorts: Rule = ({ pod, allowance }) =>
  containersOf(pod).flatMap(({ container, path }) =>
    (container.ports ?? []).flatMap(({ hostPort = 0, hostIP = '' }, index) =>
      (hostPort === 0 && hostIP === '') || may(allowance, 'host_ports')
        ? []
        : [
            fault(
              [...path, 'ports', index, hostPort === 0 ? 'hostIP' : 'hostPort'],
              `would be a port of the node: leave it out, ${askAdmin}`,
            ),
          ],
    ),
  )

/** The kubelet would ask another host, as itself. */
const probeHosts: Rule = ({ pod }) =>
  containersOf(pod).flatMap(({ container, path }) => {
    const { livenessProbe, readinessProbe, startupProbe, lifecycle } = container
    const asked = [
      { at: ['livenessProbe'], handler: livenessProbe },
      { at: ['readinessProbe'], handler: readinessProbe },
      { at: ['startupProbe'], handler: startupProbe },
      { at: ['lifecycle', 'postStart'], handler: lifecycle?.postStart },
      { at: ['lifecycle', 'preStop'], handler: lifecycle?.preStop },
    ]
    return asked.flatMap(({ at, handler }) =>
      (['httpGet', 'tcpSocket'] as const)
        .filter((kind) => (handler?.[kind]?.host ?? '') !== '')
        .map((kind) =>
          fault([...path, ...at, kind, 'host'], 'would make the node ask another host: leave it out'),
        ),
    )
  })

const volumeTypes: Rule = ({ pod, allowance }) =>
  (pod.spec.volumes ?? []).flatMap((volume, index) => {
    const types = typesOf(volume)
    const path = ['spec', 'volumes', index]
    if (types.length !== 1)
      return [
        fault(path, `has ${types.length === 0 ? 'no type' : types.join(' and ')}: a volume has one type`),
      ]
    return types
      .filter((type) => !Object.hasOwn(restrictedVolumes, type) && !allows(allowance, 'volume_types', type))
      .map((type) =>
        fault([...path, type], `is a type of volume that a task may not have: take another, ${askAdmin}`),
      )
  })

/** By what they keep out. */
export const standardRules = {
  hostNamespaces,
  privileged,
  escalation,
  capabilities,
  procMount,
  nonRoot,
  userIds,
  seccomp,
  appArmor,
  seLinux,
  sysctls,
  hostPorts,
  probeHosts,
  volumeTypes,
} satisfies Record<string, Rule>
