/** Keys of a task that is a pod. What is in them is in Kubernetes' own spelling. */
import { boolean, key, list, name, object, text, type Key, type SchemaFragment } from './key.ts'

const texts: SchemaFragment = { type: 'object', additionalProperties: text }
const word: SchemaFragment = { type: 'string', minLength: 1 }
const seconds: SchemaFragment = { type: 'integer' }

const source = object({ name: word, optional: boolean }, ['name'])
const envFrom = object({ prefix: text, configMapRef: source, secretRef: source })
const toleration = object({
  key: text,
  operator: { type: 'string', enum: ['Exists', 'Equal'] },
  value: text,
  effect: { type: 'string', enum: ['NoSchedule', 'PreferNoSchedule', 'NoExecute'] },
  tolerationSeconds: seconds,
})
const affinity = object({
  nodeAffinity: { type: 'object' },
  podAffinity: { type: 'object' },
  podAntiAffinity: { type: 'object' },
})
const volume: SchemaFragment = { type: 'object', properties: { name: word }, required: ['name'] }
const volumeMount = object(
  {
    name: word,
    mountPath: word,
    readOnly: boolean,
    recursiveReadOnly: { type: 'string', enum: ['Disabled', 'IfPossible', 'Enabled'] },
    subPath: text,
    subPathExpr: text,
    mountPropagation: text,
  },
  ['name', 'mountPath'],
)

/** In the order of the documentation. */
export const podKeys: readonly Key[] = [
  key('cluster', name, 'name', 'The cluster it runs on.', { default: "the deployment's" }),
  key(
    'env_from',
    list(envFrom),
    'list of {prefix, configMapRef, secretRef}',
    'Config maps and secrets of its namespace, each key of which is a variable; `env` and those of Dagbok win.',
  ),
  key('node_selector', texts, 'label → value', 'Labels that its node must have.'),
  key('tolerations', list(toleration), 'list, as in a pod', 'Taints of nodes that it bears.'),
  key(
    'affinity',
    affinity,
    '{nodeAffinity, podAffinity, podAntiAffinity}',
    'Which nodes it would rather be on, and beside whom.',
  ),
  key('priority_class', word, 'name', 'Its priority class; one that begins with `system-` needs an admin.'),
  key(
    'service_account',
    word,
    'name',
    "The account of its namespace whose rights it has; another than the deployment's needs an admin.",
    { default: "the deployment's" },
  ),
  key(
    'image_pull_secrets',
    list(word),
    'list of names',
    'Secrets of its namespace that its image is pulled with.',
  ),
  key(
    'volumes',
    list(volume),
    'list, as in a pod',
    'Volumes; of the types of the Pod Security Standard *restricted*.',
  ),
  key(
    'volume_mounts',
    list(volumeMount),
    'list of {name, mountPath, …}',
    'Where it finds its volumes; `/dagbok` is taken.',
  ),
  key('labels', texts, 'label → value', 'Labels of its pod, beside those of Dagbok.'),
  key('annotations', texts, 'name → text', 'Annotations of its pod, beside those of Dagbok.'),
  key(
    'pod',
    { type: 'object' },
    '{metadata, spec}',
    "A strategic merge patch on the whole pod, in Kubernetes' spelling, checked after merging: see [what a pod may be](#what-a-pod-may-be).",
  ),
]
