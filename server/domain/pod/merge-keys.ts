/** Which lists of a pod are merged item by item, and by which field: as Kubernetes declares them; all others are replaced. */
import type { Path } from './fault.ts'

const container = {
  env: 'name',
  ports: 'containerPort',
  volumeMounts: 'mountPath',
  volumeDevices: 'devicePath',
} as const

const table: Record<string, string> = {
  'spec.containers': 'name',
  'spec.initContainers': 'name',
  'spec.ephemeralContainers': 'name',
  'spec.volumes': 'name',
  'spec.imagePullSecrets': 'name',
  'spec.hostAliases': 'ip',
  'spec.topologySpreadConstraints': 'topologyKey',
  'spec.resourceClaims': 'name',
  'spec.schedulingGates': 'name',
  'metadata.ownerReferences': 'uid',
  ...Object.fromEntries(
    ['containers', 'initContainers', 'ephemeralContainers'].flatMap((list) =>
      Object.entries(container).map(([field, key]) => [`spec.${list}.${field}`, key]),
    ),
  ),
}

/** Of the list at this path; null when it is replaced as a whole. */
export const mergeKeyAt = (path: Path): string | null =>
  table[path.filter((name) => typeof name === 'string').join('.')] ?? null

/** Whether the texts of a patch are added to those that are there. */
export const isUnion = (path: Path): boolean => path.join('.') === 'metadata.finalizers'
