/**
 * The secret of a pod's namespace that holds what the pod's task gets of its team's secrets: made when the pod is there, and the
 * cluster's to remove when that is gone. Nobody's pod may read another's: its name is one of ours.
 */
import { base64 } from '../secret/forms.ts'
import { recommendedPrefix } from './names.ts'

/** @param pod whose it is; it has the same name */
export const secretObject = (
  pod: { namespace: string; name: string; uid: string },
  values: Readonly<Record<string, string>>,
) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: {
    name: pod.name,
    namespace: pod.namespace,
    labels: { [`${recommendedPrefix}name`]: 'dagbok-task', [`${recommendedPrefix}managed-by`]: 'dagbok' },
    ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: pod.name, uid: pod.uid }],
  },
  type: 'Opaque',
  immutable: true,
  data: Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, base64(new TextEncoder().encode(value))]),
  ),
})
