/** Where variables and files of a pod come from: paths in a volume, and what of the pod itself can be asked for. */
import type { PodFault, Path } from '../fault.ts'
import type { Volume } from '../manifest-volumes.ts'
import { containersOf, fault, type Rule } from './rule.ts'

const ofMetadata = /^metadata\.(?:name|namespace|uid|(?:labels|annotations)\['[^']+'\])$/
const variableFields = /^(?:spec\.(?:nodeName|serviceAccountName)|status\.(?:hostIPs?|podIPs?))$/
const fileFields = /^metadata\.(?:labels|annotations)$/
const resourceNames = /^(?:limits|requests)\.(?:cpu|memory|ephemeral-storage|hugepages-\S+)$/

const resourceFault = (resource: string, path: Path): PodFault[] =>
  resourceNames.test(resource)
    ? []
    : [fault(path, 'is none of limits or requests of cpu, memory or ephemeral-storage: write limits.cpu')]

const variables: Rule = ({ pod }) =>
  containersOf(pod).flatMap(({ container, path }) =>
    (container.env ?? []).flatMap(({ valueFrom: { fieldRef, resourceFieldRef } = {} }, index) => {
      const at = [...path, 'env', index, 'valueFrom']
      const { fieldPath } = fieldRef ?? {}
      const isKnown = fieldPath === undefined || ofMetadata.test(fieldPath) || variableFields.test(fieldPath)
      return [
        ...(isKnown
          ? []
          : [
              fault(
                [...at, 'fieldRef', 'fieldPath'],
                'is nothing that a variable can be given: write metadata.name',
              ),
            ]),
        ...(resourceFieldRef === undefined
          ? []
          : resourceFault(resourceFieldRef.resource, [...at, 'resourceFieldRef', 'resource'])),
      ]
    }),
  )

interface Item {
  path: string
  fieldRef?: { fieldPath: string } | undefined
  resourceFieldRef?: { resource: string; containerName?: string | undefined } | undefined
}

function itemFaults(items: readonly Item[] | undefined, path: Path): PodFault[] {
  return (items ?? []).flatMap(({ path: file, fieldRef, resourceFieldRef }, index) => {
    const at = [...path, 'items', index]
    const isInside = file !== '' && !file.startsWith('/') && !file.split('/').includes('..')
    return [
      ...(isInside ? [] : [fault([...at, 'path'], 'must be a path within the volume')]),
      ...(fieldRef === undefined || ofMetadata.test(fieldRef.fieldPath) || fileFields.test(fieldRef.fieldPath)
        ? []
        : [
            fault(
              [...at, 'fieldRef', 'fieldPath'],
              'is nothing that a file can be given: write metadata.labels',
            ),
          ]),
      ...(resourceFieldRef === undefined
        ? []
        : resourceFault(resourceFieldRef.resource, [...at, 'resourceFieldRef', 'resource'])),
    ]
  })
}

/** One source of a file: downward items name either a field or a resource. */
function downwardFaults(items: readonly Item[] | undefined, path: Path): PodFault[] {
  const unclear = (items ?? []).flatMap(({ fieldRef, resourceFieldRef }, index) =>
    (fieldRef === undefined) === (resourceFieldRef === undefined)
      ? [fault([...path, 'items', index], 'must have either fieldRef or resourceFieldRef')]
      : [],
  )
  return [...unclear, ...itemFaults(items, path)]
}

function volumeFaults({ configMap, secret, downwardAPI, projected }: Volume, path: Path): PodFault[] {
  return [
    ...itemFaults(configMap?.items, [...path, 'configMap']),
    ...itemFaults(secret?.items, [...path, 'secret']),
    ...downwardFaults(downwardAPI?.items, [...path, 'downwardAPI']),
    ...(projected?.sources ?? []).flatMap((source, index) => {
      const at = [...path, 'projected', 'sources', index]
      const kinds = Object.values(source).filter((one) => one !== undefined).length
      return [
        ...(kinds === 1 ? [] : [fault(at, 'must have one source')]),
        ...itemFaults(source.configMap?.items, [...at, 'configMap']),
        ...itemFaults(source.secret?.items, [...at, 'secret']),
        ...downwardFaults(source.downwardAPI?.items, [...at, 'downwardAPI']),
      ]
    }),
  ]
}

const files: Rule = ({ pod }) => [
  ...(pod.spec.volumes ?? []).flatMap((volume, index) => volumeFaults(volume, ['spec', 'volumes', index])),
  ...(pod.spec.resourceClaims ?? []).flatMap(({ resourceClaimName, resourceClaimTemplateName }, index) =>
    (resourceClaimName === undefined) === (resourceClaimTemplateName === undefined)
      ? [
          fault(
            ['spec', 'resourceClaims', index],
            'must have either resourceClaimName or resourceClaimTemplateName',
          ),
        ]
      : [],
  ),
]

export const sourceRules = { variables, files } satisfies Record<string, Rule>
