/** Whether what is written is of Kubernetes' own grammar: found here, with words, before its API server refuses the pod. */
import type { Path, PodFault } from '../fault.ts'
import type { Container } from '../manifest.ts'
import { ownFolder } from '../paths.ts'
import { imageFault, isDnsLabel, isDnsSubdomain, isLabelValue, isQualifiedName, overlaps } from '../syntax.ts'
import { containersOf, fault, type Rule } from './rule.ts'
import { labelKeyWords, labelValueWords } from './words.ts'

const dnsWords = 'is no name: small letters, digits, - and .'

/** Bytes of all annotations of a pod together. */
const mostAnnotations = 256 * 1024

const keyed = (
  map: Record<string, string>,
  path: Path,
  check: (key: string, value: string) => string | null,
) =>
  Object.entries(map).flatMap(([key, value]) => {
    const why = check(key, value)
    return why === null ? [] : [fault([...path, key], why)]
  })

const labelFault = (key: string, value: string): string | null =>
  isQualifiedName(key) ? (isLabelValue(value) ? null : labelValueWords) : labelKeyWords

const marks: Rule = ({ pod: { metadata, spec } }) => {
  const text = Object.entries(metadata.annotations).flat().join('')
  const size = new TextEncoder().encode(text).length
  return [
    ...keyed(metadata.labels, ['metadata', 'labels'], labelFault),
    ...keyed(spec.nodeSelector ?? {}, ['spec', 'nodeSelector'], labelFault),
    ...keyed(metadata.annotations, ['metadata', 'annotations'], (key) =>
      isQualifiedName(key.toLowerCase()) ? null : labelKeyWords.replace('a label', 'an annotation'),
    ),
    ...(size <= mostAnnotations
      ? []
      : [fault(['metadata', 'annotations'], `have ${size} bytes together, more than ${mostAnnotations}`)]),
  ]
}

const names: Rule = ({ pod: { spec } }) => {
  const named: [Path, string | undefined][] = [
    [['spec', 'serviceAccountName'], spec.serviceAccountName],
    [['spec', 'priorityClassName'], spec.priorityClassName],
    [['spec', 'runtimeClassName'], spec.runtimeClassName],
    ...(spec.imagePullSecrets ?? []).map(({ name }, index): [Path, string] => [
      ['spec', 'imagePullSecrets', index, 'name'],
      name,
    ]),
  ]
  return [
    ...named
      .filter(([, name]) => name !== undefined && !isDnsSubdomain(name))
      .map(([path]) => fault(path, dnsWords)),
    ...(spec.volumes ?? []).flatMap(({ name }, index) =>
      isDnsLabel(name) ? [] : [fault(['spec', 'volumes', index, 'name'], dnsWords.replace(' and .', ''))],
    ),
  ]
}

function variablesOf({ env = [], envFrom = [] }: Container, path: Path): PodFault[] {
  return [
    ...env.flatMap(({ name, value, valueFrom }, index) => {
      const at = [...path, 'env', index]
      if (!/^[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(name)) return [fault(at, 'is no name of a variable')]
      const sources = Object.values(valueFrom ?? {}).filter((source) => source !== undefined).length
      if (valueFrom !== undefined && sources !== 1)
        return [fault([...at, 'valueFrom'], 'must name one source')]
      return value !== undefined && value !== '' && valueFrom !== undefined
        ? [fault(at, 'has a value and a source: keep one')]
        : []
    }),
    ...envFrom.flatMap(({ configMapRef, secretRef }, index) =>
      (configMapRef === undefined) === (secretRef === undefined)
        ? [fault([...path, 'envFrom', index], 'must have either configMapRef or secretRef')]
        : [],
    ),
  ]
}

/** Below our folder another volume is told to be in the way already. */
function mountsOf({ volumeMounts = [] }: Container, path: Path): PodFault[] {
  const seen = new Map<string, string>()
  return volumeMounts.flatMap(({ mountPath, name }, index) => {
    const before = seen.get(mountPath)
    if (before === undefined) seen.set(mountPath, name)
    return before === undefined || (before !== name && overlaps(mountPath, ownFolder))
      ? []
      : [fault([...path, 'volumeMounts', index, 'mountPath'], 'is also that of another mount: take another')]
  })
}

const containers: Rule = ({ pod }) =>
  containersOf(pod).flatMap(({ container, path }) => {
    const why = container.image === undefined ? null : imageFault(container.image)
    return [
      ...(isDnsLabel(container.name) ? [] : [fault([...path, 'name'], dnsWords.replace(' and .', ''))]),
      ...(why === null ? [] : [fault([...path, 'image'], `is no reference of an image: ${why}`)]),
      ...variablesOf(container, path),
      ...mountsOf(container, path),
    ]
  })

export const formRules = { forms: marks, names, containers } satisfies Record<string, Rule>
