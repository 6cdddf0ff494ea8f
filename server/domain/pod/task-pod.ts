/**
 * What a task says of its pod, beside what it says of every executor: part of the spec. Names are those of the notebook,
 * what is in them is in Kubernetes' own spelling.
 */
import { z } from 'zod'
import { envFromSchema, tolerationSchema, volumeMountSchema } from './manifest-parts.ts'
import { volumeSchema } from './manifest-volumes.ts'

const text = z.string()
const jsonMap = z.record(text, z.json())

export const taskPodSchema = z.object({
  /** The cluster's name in the deployment; null: the deployment's own choice. */
  cluster: text.nullable(),
  /** Quantities by resource, beside processors and memory: `ephemeral-storage`, `nvidia.com/gpu`. */
  resources: z.record(text, text),
  env_from: z.array(envFromSchema),
  node_selector: z.record(text, text),
  tolerations: z.array(tolerationSchema),
  affinity: jsonMap.nullable(),
  priority_class: text.nullable(),
  service_account: text.nullable(),
  /** Names of secrets of the pod's namespace. */
  image_pull_secrets: z.array(text),
  volumes: z.array(volumeSchema),
  volume_mounts: z.array(volumeMountSchema),
  labels: z.record(text, text),
  annotations: z.record(text, text),
  /** A strategic merge patch on the whole pod. */
  patch: jsonMap.nullable(),
})
export type TaskPod = z.infer<typeof taskPodSchema>

/** Of a task that says nothing of its pod. */
export const plainTaskPod: TaskPod = {
  cluster: null,
  resources: {},
  env_from: [],
  node_selector: {},
  tolerations: [],
  affinity: null,
  priority_class: null,
  service_account: null,
  image_pull_secrets: [],
  volumes: [],
  volume_mounts: [],
  labels: {},
  annotations: {},
  patch: null,
}
