/** For tests: patches and tasks at random, from the fields of a pod. */
import fc from 'fast-check'
import type { Json } from '../../json.ts'
import { plainTaskPod, type TaskPod } from '../task-pod.ts'
import {
  containerFields,
  metaFields,
  noise,
  podFields,
  volume,
  volumeName,
  type JsonMap,
} from './drawn-fields.ts'

type Step = readonly string[]

const isMap = (value: Json): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A map with a value at a path of it. */
const nested = (path: Step, value: Json): JsonMap =>
  path.reduceRight<Json>((inner, name) => ({ [name]: inner }), value) as JsonMap

const named = (item: Json) => (isMap(item) ? (item['name'] ?? null) : null)

/** One list of two, items of one name made one. */
function joinedLists(a: Json[], b: Json[]): Json[] {
  const out = [...a]
  for (const item of b) {
    const at = named(item) === null ? -1 : out.findIndex((other) => named(other) === named(item))
    if (at < 0) out.push(item)
    else out[at] = joined(out[at] ?? null, item)
  }
  return out
}

/** One value of two: of what is no map and no list the second. */
function joined(a: Json, b: Json): Json {
  if (Array.isArray(a) && Array.isArray(b)) return joinedLists(a, b)
  if (!isMap(a) || !isMap(b)) return b
  const out = new Map(Object.entries(a))
  for (const [key, value] of Object.entries(b)) {
    const before = out.get(key)
    out.set(key, before === undefined ? value : joined(before, value))
  }
  return Object.fromEntries(out)
}

const assigned = (fields: Record<string, fc.Arbitrary<Json>>, under: Step) =>
  fc
    .constantFrom(...Object.keys(fields))
    .chain((name) => (fields[name] ?? noise).map((value) => nested([...under, ...name.split('.')], value)))

const containerPatch = fc
  .tuple(
    fc.constantFrom('containers', 'initContainers', 'initContainers', 'ephemeralContainers'),
    fc.constantFrom('main', 'main', 'main', 'own', 'gate', 'outputs'),
    assigned(containerFields, []),
  )
  .map(([list, name, more]): JsonMap => {
    const here =
      name === 'main' && list === 'initContainers'
        ? 'containers'
        : name === 'own' && list === 'containers'
          ? 'initContainers'
          : list
    const image: JsonMap = name === 'own' ? { image: 'busybox' } : {}
    return { spec: { [here]: [{ name, ...image, ...more }] } }
  })

const onePatch = fc.oneof(
  { weight: 6, arbitrary: containerPatch },
  { weight: 4, arbitrary: assigned(podFields, ['spec']) },
  { weight: 1, arbitrary: assigned(metaFields, ['metadata']) },
)
/** Up to four changes in one patch. */
export const drawnPatch: fc.Arbitrary<JsonMap> = fc
  .array(onePatch, { minLength: 1, maxLength: 4 })
  .map((all) => all.reduce((a, b) => joined(a, b) as JsonMap))

const maybe = <T>(arbitrary: fc.Arbitrary<T>, otherwise: T) =>
  fc.oneof({ weight: 4, arbitrary: fc.constant(otherwise) }, { weight: 1, arbitrary })
const texts = (...values: string[]) => fc.constantFrom(...values)

/** Each key of a task that is a pod, and the patch. */
export const drawnTask: fc.Arbitrary<TaskPod> = fc.record({
  cluster: fc.constant(plainTaskPod.cluster),
  resources: maybe(fc.constantFrom<Record<string, string>>({ 'nvidia.com/gpu': '1' }, { 'a b': '1' }), {}),
  env_from: maybe(
    fc.constantFrom<TaskPod['env_from']>(
      [{ secretRef: { name: 's' } }],
      [{ secretRef: { name: 'dagbok-token-a' } }],
      [{}],
    ),
    [],
  ),
  node_selector: maybe(
    fc.dictionary(texts('zone', 'a b', 'kubernetes.io/os'), texts('linux', 'windows', 'a b')),
    {},
  ),
  tolerations: maybe(fc.constant<TaskPod['tolerations']>([{ operator: 'Exists' }]), []),
  affinity: maybe(fc.constantFrom<TaskPod['affinity']>({ nodeAffinity: {} }, { other: {} }), null),
  priority_class: maybe(texts('low', 'system-cluster-critical', 'A B'), null),
  service_account: maybe(texts('admin', 'A B'), null),
  image_pull_secrets: maybe(fc.array(texts('r', 'dagbok-x'), { maxLength: 2 }), []),
  volumes: maybe(fc.array(volume, { maxLength: 2 }) as unknown as fc.Arbitrary<TaskPod['volumes']>, []),
  volume_mounts: maybe(
    fc.array(
      fc.record({ name: volumeName, mountPath: texts('/x', '/dagbok', '/dagbok/out', '/', '/a/../dagbok') }),
      { maxLength: 2 },
    ),
    [],
  ),
  labels: maybe(
    fc.dictionary(texts('team', 'dagbok.dev/run', 'a b', 'app.kubernetes.io/name'), texts('ml', 'a b')),
    {},
  ),
  annotations: maybe(
    fc.dictionary(
      texts('note', 'container.apparmor.security.beta.kubernetes.io/main', 'dagbok.dev/spec-hash'),
      texts('unconfined', 'runtime/default', 'x'),
    ),
    {},
  ),
  patch: fc.option(drawnPatch, { freq: 3 }),
})
