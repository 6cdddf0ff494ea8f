/** Whether values go together as Kubernetes asks: amounts, tolerations, handlers, what only a sidecar may have. */
import type { PodFault, Path } from '../fault.ts'
import type { Container, Pod } from '../manifest.ts'
import { isDnsLabel, isLabelValue, isQualifiedName, isQuantity, quantityValue } from '../syntax.ts'
import { containersOf, fault, type Rule } from './rule.ts'
import { labelValueWords, quantityWords } from './words.ts'

const ownResources = ['cpu', 'memory', 'ephemeral-storage']
const isExtended = (name: string) => name.includes('/') || name.startsWith('hugepages-')

function amountFault(name: string, amount: string | number): string | null {
  if (!isQualifiedName(name) || !(ownResources.includes(name) || isExtended(name)))
    return 'is no resource: cpu, memory, ephemeral-storage, or one of the cluster, as nvidia.com/gpu'
  if (!isQuantity(amount)) return quantityWords
  return name.includes('/') && !Number.isInteger(quantityValue(amount)) ? 'is counted in whole numbers' : null
}

function pairFault(
  name: string,
  request: string | number,
  limit: string | number | undefined,
): string | null {
  if (limit === undefined) return isExtended(name) ? 'has no limit: it must be the same' : null
  const [asked, bound] = [quantityValue(request), quantityValue(limit)]
  if (isExtended(name) && asked !== bound) return `must be the same as its limit, ${limit}`
  return asked > bound ? `is more than its limit, ${limit}: set both` : null
}

function resourcesOf({ resources = {} }: Container, path: Path): PodFault[] {
  const { requests = {}, limits = {} } = resources
  const malformed = (['requests', 'limits'] as const).flatMap((kind) =>
    Object.entries(resources[kind] ?? {}).flatMap(([name, amount]) => {
      const why = amountFault(name, amount)
      return why === null ? [] : [fault([...path, 'resources', kind, name], why)]
    }),
  )
  if (malformed.length > 0) return malformed
  const bounds = new Map(Object.entries(limits))
  return Object.entries(requests).flatMap(([name, amount]) => {
    const why = pairFault(name, amount, bounds.get(name))
    return why === null ? [] : [fault([...path, 'resources', 'requests', name], why)]
  })
}

const resources: Rule = ({ pod }) => [
  ...containersOf(pod).flatMap(({ container, path }) => resourcesOf(container, path)),
  ...(pod.spec.volumes ?? []).flatMap(({ ephemeral, emptyDir }, index) => {
    const path = ['spec', 'volumes', index]
    const storage = ephemeral?.volumeClaimTemplate.spec.resources?.requests?.['storage']
    return [
      ...(ephemeral === undefined ||
      (storage !== undefined && isQuantity(storage) && quantityValue(storage) > 0)
        ? []
        : [
            fault(
              [...path, 'ephemeral', 'volumeClaimTemplate', 'spec', 'resources'],
              'must say how much it asks for: {requests: {storage: 1Gi}}',
            ),
          ]),
      ...(emptyDir?.sizeLimit === undefined || isQuantity(emptyDir.sizeLimit)
        ? []
        : [fault([...path, 'emptyDir', 'sizeLimit'], quantityWords)]),
    ]
  }),
]

const tolerations: Rule = ({ pod }) =>
  (pod.spec.tolerations ?? []).flatMap(
    ({ key = '', operator = 'Equal', value = '', effect, tolerationSeconds }, index) => {
      const path = ['spec', 'tolerations', index]
      if (key === '' && operator !== 'Exists')
        return [fault(path, 'has no key: that is for `operator: Exists` alone')]
      if (key !== '' && !isQualifiedName(key)) return [fault([...path, 'key'], 'is no key of a taint')]
      if (operator === 'Exists' && value !== '')
        return [fault([...path, 'value'], 'must be left out: `Exists` bears every value')]
      if (!isLabelValue(value))
        return [fault([...path, 'value'], labelValueWords.replace('a label', 'a taint'))]
      return tolerationSeconds !== undefined && effect !== 'NoExecute'
        ? [fault([...path, 'tolerationSeconds'], 'is for `effect: NoExecute` alone')]
        : []
    },
  )

const isPort = (port: number) => port >= 1 && port <= 65_535
const isPortName = (name: string) =>
  /^(?=.*[a-z])[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(name) && name.length <= 15 && !name.includes('--')

interface Handler {
  exec?: { command: string[] } | undefined
  httpGet?: { port: number | string } | undefined
  tcpSocket?: { port: number | string } | undefined
  grpc?: { port: number } | undefined
  sleep?: { seconds: number } | undefined
}

function handlerFaults({ exec, httpGet, tcpSocket, grpc, sleep }: Handler, path: Path): PodFault[] {
  const ways = [exec, httpGet, tcpSocket, grpc, sleep].filter((way) => way !== undefined).length
  if (ways !== 1)
    return [fault(path, `has ${ways === 0 ? 'no handler' : 'more than one handler'}: it has one`)]
  if (exec !== undefined && exec.command.length === 0)
    return [fault([...path, 'exec', 'command'], 'is empty')]
  return Object.entries({ httpGet, tcpSocket, grpc }).flatMap(([way, target]) =>
    target === undefined || (typeof target.port === 'number' ? isPort(target.port) : isPortName(target.port))
      ? []
      : [fault([...path, way, 'port'], 'is no port: 1 to 65535, or the name of one')],
  )
}

/** What only some kinds of probe may have. */
function probeFaults({ livenessProbe, readinessProbe, startupProbe }: Container, path: Path): PodFault[] {
  const once = Object.entries({ livenessProbe, startupProbe })
    .filter(([, probe]) => (probe?.successThreshold ?? 1) !== 1)
    .map(([name]) =>
      fault([...path, name, 'successThreshold'], 'must be 1: only readiness is asked more than once'),
    )
  return readinessProbe?.terminationGracePeriodSeconds === undefined
    ? once
    : [
        ...once,
        fault(
          [...path, 'readinessProbe', 'terminationGracePeriodSeconds'],
          'must be left out: readiness ends nothing',
        ),
      ]
}

const handlers: Rule = ({ pod }) =>
  containersOf(pod).flatMap(({ container, path }) => {
    const probes = (['livenessProbe', 'readinessProbe', 'startupProbe'] as const).flatMap((name) => {
      const handler = container[name]
      return handler === undefined ? [] : [{ at: [...path, name], handler }]
    })
    const hooks = (['postStart', 'preStop'] as const).flatMap((name) => {
      const handler = container.lifecycle?.[name]
      return handler === undefined ? [] : [{ at: [...path, 'lifecycle', name], handler }]
    })
    const all = [...probes, ...hooks]
    if (path[1] === 'initContainers' && container.restartPolicy !== 'Always') {
      // An empty one is one, too.
      const isEmpty = container.lifecycle !== undefined && hooks.length === 0
      return [...all, ...(isEmpty ? [{ at: [...path, 'lifecycle'] }] : [])].map(({ at }) =>
        fault(at, 'is for a sidecar: write `restartPolicy: Always`, or leave it out'),
      )
    }
    return [...all.flatMap(({ at, handler }) => handlerFaults(handler, at)), ...probeFaults(container, path)]
  })

const ports: Rule = ({ pod }) =>
  containersOf(pod).flatMap(({ container, path }) =>
    (container.ports ?? []).flatMap(({ containerPort, name }, index) => [
      ...(isPort(containerPort)
        ? []
        : [fault([...path, 'ports', index, 'containerPort'], 'is no port: 1 to 65535')]),
      ...(name === undefined || isPortName(name)
        ? []
        : [fault([...path, 'ports', index, 'name'], 'is no name of a port: a-z, 0-9 and -, 15 at most')]),
    ]),
  )

const hosts: Rule = ({ pod: { spec } }: { pod: Pod }) =>
  (['hostname', 'subdomain'] as const)
    .filter((name) => spec[name] !== undefined && !isDnsLabel(spec[name]))
    .map((name) => fault(['spec', name], 'is no name: small letters, digits and -'))

/** A profile of the node is named, and only then. */
const profiles: Rule = ({ pod }) => {
  const contexts = [
    { context: pod.spec.securityContext ?? {}, path: ['spec', 'securityContext'] as Path },
    ...containersOf(pod).map(({ container, path }) => ({
      context: container.securityContext ?? {},
      path: [...path, 'securityContext'],
    })),
  ]
  return contexts.flatMap(({ context, path }) =>
    (['seccompProfile', 'appArmorProfile'] as const).flatMap((name) => {
      const profile = context[name]
      return profile === undefined ||
        (profile.type === 'Localhost') === ((profile.localhostProfile ?? '') !== '')
        ? []
        : [fault([...path, name, 'localhostProfile'], 'must be there with `type: Localhost`, and only then')]
    }),
  )
}

export const valueRules = { resources, tolerations, handlers, ports, hosts, profiles } satisfies Record<
  string,
  Rule
>
