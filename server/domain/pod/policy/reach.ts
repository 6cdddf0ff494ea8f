/** What a pod may reach in its cluster beside the node: rights, secrets, networks, and places that others schedule by. */
import { canonicalJson } from '../../json.ts'
import { containerNames, reservedPrefix } from '../build-pod.ts'
import type { Path, PodFault } from '../fault.ts'
import type { Pod } from '../manifest.ts'
import { cleanPath } from '../syntax.ts'
import { allows, anything, may } from './allowed.ts'
import { askAdmin, containersOf, fault, type Rule, type View } from './rule.ts'

/** One id for all, so that what collects can read what `main` wrote; not root's. */
const userIds: Rule = ({ pod, allowance }) => {
  const { runAsUser, runAsGroup, fsGroup, supplementalGroups = [] } = pod.spec.securityContext ?? {}
  const whole = { runAsUser, runAsGroup, fsGroup }
  const at = ['spec', 'securityContext']
  const least = may(allowance, 'root') ? 0 : 1
  const wrong = (id: number | undefined) => id === undefined || id < least || id > 2 ** 31 - 1
  return [
    ...(['runAsUser', 'runAsGroup', 'fsGroup'] as const)
      .filter((name) => wrong(whole[name]))
      .map((name) => fault([...at, name], `must be an id of ${least} or more`)),
    ...supplementalGroups.flatMap((id, index) =>
      wrong(id) ? [fault([...at, 'supplementalGroups', index], `must be an id of ${least} or more`)] : [],
    ),
    ...containersOf(pod).flatMap(({ container, path }) =>
      (['runAsUser', 'runAsGroup'] as const)
        .filter((name) => (container.securityContext?.[name] ?? whole[name]) !== whole[name])
        .map((name) =>
          fault(
            [...path, 'securityContext', name],
            `must be that of all containers: write it in spec.securityContext, and leave it out here`,
          ),
        ),
    ),
  ]
}

const restart: Rule = ({ pod }) =>
  pod.spec.restartPolicy === 'Never'
    ? []
    : [fault(['spec', 'restartPolicy'], 'must be Never: an attempt starts once, and `retries` say how often')]

const account: Rule = ({ pod, base, allowance }) => {
  const { serviceAccountName: name, automountServiceAccountToken: mounted } = pod.spec
  const isAllowed = name !== undefined && allows(allowance, 'service_accounts', name)
  const tokens = (pod.spec.volumes ?? []).flatMap((volume, index) =>
    (volume.projected?.sources ?? []).flatMap((source, at) =>
      source.serviceAccountToken === undefined
        ? []
        : [['spec', 'volumes', index, 'projected', 'sources', at, 'serviceAccountToken'] satisfies Path],
    ),
  )
  return [
    ...(name === base.spec.serviceAccountName || isAllowed
      ? []
      : [
          fault(
            ['spec', 'serviceAccountName'],
            `${name === undefined ? 'is missing' : `is ${name}, which is not the deployment's`}: leave it as it is, ${askAdmin}`,
          ),
        ]),
    ...(mounted === false || (mounted === true && isAllowed)
      ? []
      : [
          fault(
            ['spec', 'automountServiceAccountToken'],
            'must be false: a token would give the code rights in the cluster',
          ),
        ]),
    ...(isAllowed ? [] : tokens).map((path) =>
      fault(path, `would give the code rights in the cluster: leave it out, ${askAdmin}`),
    ),
  ]
}

/** Names of secrets that are read, with where. */
function secretsOf(pod: Pod): { name: string; path: Path }[] {
  const found = (name: string | undefined, path: Path) => (name === undefined ? [] : [{ name, path }])
  return [
    ...(pod.spec.imagePullSecrets ?? []).flatMap(({ name }, index) =>
      found(name, ['spec', 'imagePullSecrets', index, 'name']),
    ),
    ...(pod.spec.volumes ?? []).flatMap((volume, index) => {
      const at = ['spec', 'volumes', index]
      return [
        ...found(volume.secret?.secretName, [...at, 'secret', 'secretName']),
        ...found(volume.csi?.nodePublishSecretRef?.name, [...at, 'csi', 'nodePublishSecretRef', 'name']),
        ...(volume.projected?.sources ?? []).flatMap(({ secret }, place) =>
          found(secret?.name, [...at, 'projected', 'sources', place, 'secret', 'name']),
        ),
      ]
    }),
    ...containersOf(pod).flatMap(({ container, path }) => [
      ...(container.envFrom ?? []).flatMap(({ secretRef }, index) =>
        found(secretRef?.name, [...path, 'envFrom', index, 'secretRef', 'name']),
      ),
      ...(container.env ?? []).flatMap(({ valueFrom }, index) =>
        found(valueFrom?.secretKeyRef?.name, [...path, 'env', index, 'valueFrom', 'secretKeyRef', 'name']),
      ),
    ]),
  ]
}

const envOfMain = (pod: Pod) =>
  pod.spec.containers.find(({ name }) => name === containerNames.main)?.env ?? []

/** Secrets that hold tokens of attempts are our agent's alone, and what a team has of a task's is in no other container. */
const secrets: Rule = ({ pod, base }) => {
  const agents = base.spec.initContainers ?? []
  const names = new Set(agents.map(({ name }) => name))
  const isAgents = ([, list, index]: Path) =>
    list === 'initContainers' && names.has(pod.spec.initContainers?.[Number(index)]?.name ?? '')
  const tokens = agents.flatMap(({ env = [] }) => env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name))
  const pulls = new Set((base.spec.imagePullSecrets ?? []).map(({ name }) => name))
  const isPull = ({ name, path }: { name: string; path: Path }) =>
    path[1] === 'imagePullSecrets' && pulls.has(name)
  // What the task gets of its team's secrets stands in our own pod as it does here.
  const given = new Set(envOfMain(base).map((one) => canonicalJson(one)))
  const isGiven = (path: Path) =>
    path[1] === 'containers' &&
    path[3] === 'env' &&
    pod.spec.containers[Number(path[2])]?.name === containerNames.main &&
    given.has(canonicalJson(pod.spec.containers[Number(path[2])]?.env?.[Number(path[4])]))
  return secretsOf(pod)
    .filter((one) => tokens.includes(one.name) || (one.name.startsWith(reservedPrefix) && !isPull(one)))
    .filter(({ path }) => !isAgents(path) && !isGiven(path))
    .map(({ path }) =>
      fault(path, `is a secret of Dagbok's own (their names begin with ${reservedPrefix}): take another`),
    )
}

const guarded = (
  { pod, allowance }: View,
  field: 'runtimeClassName' | 'schedulerName' | 'priorityClassName',
  key: 'runtime_classes' | 'schedulers' | 'priority_classes',
  open: (name: string) => boolean,
): PodFault[] => {
  const name = pod.spec[field]
  return name === undefined || open(name) || allows(allowance, key, name)
    ? []
    : [fault(['spec', field], `is ${name}, which is not everybody's: leave it out, ${askAdmin}`)]
}

const classes: Rule = (view) => [
  ...guarded(view, 'runtimeClassName', 'runtime_classes', () => false),
  ...guarded(view, 'schedulerName', 'schedulers', (name) => name === 'default-scheduler'),
  ...guarded(view, 'priorityClassName', 'priority_classes', (name) => !name.startsWith('system-')),
]

/** What would lead our own agent to another control plane, or show its memory to the task's code. */
const network: Rule = ({ pod: { spec }, allowance }) => [
  ...(may(allowance, 'dns')
    ? []
    : [
        ...(['hostAliases', 'dnsConfig'] as const).filter((name) => spec[name] !== undefined),
        ...(['ClusterFirst', 'Default', undefined].includes(spec.dnsPolicy) ? [] : (['dnsPolicy'] as const)),
      ].map((name) =>
        fault(['spec', name], `would change whom our own containers find: leave it out, ${askAdmin}`),
      )),
  ...(spec.shareProcessNamespace === true
    ? [
        fault(
          ['spec', 'shareProcessNamespace'],
          'would let the code end or read what collects its results: leave it out',
        ),
      ]
    : []),
  ...(spec.hostUsers === true
    ? [fault(['spec', 'hostUsers'], 'may only be false: leave it out where users are those of the node')]
    : []),
  ...(spec.enableServiceLinks === false
    ? []
    : [fault(['spec', 'enableServiceLinks'], 'must be false: a task has the same variables everywhere')]),
]

/** Annotations that the kubelet, runtimes and networks take for orders: by the host of their key, and by their begin. */
const orderHosts = [
  'container.apparmor.security.beta.kubernetes.io',
  'seccomp.security.alpha.kubernetes.io',
  'scheduler.alpha.kubernetes.io',
  'containerd.io',
  'crio.io',
  'nri.io',
  'cni.cncf.io',
  'k8s.ovn.org',
  'projectcalico.org',
]
const orderBegins = ['io.kubernetes.cri', 'io.katacontainers.', 'dev.gvisor.', 'kubernetes.io/config.']

function isOrder(key: string): boolean {
  const host = key.includes('/') ? (key.split('/')[0] ?? '') : ''
  return (
    orderHosts.some((known) => host === known || host.endsWith(`.${known}`)) ||
    orderBegins.some((begin) => key.startsWith(begin))
  )
}

const annotations: Rule = ({ pod, allowance }) =>
  Object.keys(pod.metadata.annotations)
    .filter(isOrder)
    .filter((key) => allowance !== anything && !allowance.annotations.some((begin) => key.startsWith(begin)))
    .map((key) =>
      fault(
        ['metadata', 'annotations', key],
        `is an order to the node or its network: leave it out, ${askAdmin}`,
      ),
    )

const hostPaths: Rule = ({ pod, allowance }) =>
  allowance === anything
    ? []
    : (pod.spec.volumes ?? []).flatMap(({ hostPath }, index) =>
        hostPath === undefined || allowance.host_paths.some((folder) => isIn(hostPath.path, folder))
          ? []
          : [
              fault(
                ['spec', 'volumes', index, 'hostPath', 'path'],
                `is a folder of the node that the team may not have: leave it out, ${askAdmin}`,
              ),
            ],
      )

function isIn(path: string, folder: string): boolean {
  const clean = cleanPath(path)
  const within = cleanPath(folder)
  return (
    clean !== null &&
    within !== null &&
    (clean === within || clean.startsWith(within === '/' ? '/' : `${within}/`))
  )
}

const grace: Rule = ({ pod: { spec } }) => {
  const { terminationGracePeriodSeconds: seconds = 30, activeDeadlineSeconds: deadline } = spec
  return [
    ...(seconds >= 30 && seconds <= 86_400
      ? []
      : [
          fault(
            ['spec', 'terminationGracePeriodSeconds'],
            'must be 30 to 86400: results are brought away in it',
          ),
        ]),
    ...(deadline === undefined || deadline >= 1
      ? []
      : [fault(['spec', 'activeDeadlineSeconds'], 'must be 1 or more: or write `timeout`')]),
  ]
}

export const reachRules = {
  oneUser: userIds,
  restart,
  account,
  secrets,
  classes,
  network,
  annotations,
  hostPaths,
  grace,
} satisfies Record<string, Rule>
