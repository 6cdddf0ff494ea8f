/** Where in a notebook what a pod has comes from: a fault of the pod is told at the key that brought it. */
import type { Path } from '../../pod/fault.ts'
import { mergeKeyAt } from '../../pod/merge-keys.ts'
import type { Json } from '../../json.ts'
import type { Located, Span } from '../located.ts'
import type { KeyOf } from './scope.ts'

/** How far a path was followed, and where that is written. */
interface Place {
  depth: number
  span: Span
}

type JsonMap = { [key: string]: Json }
const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function valueAt(root: Json, path: Path): Json | undefined {
  let at: Json | undefined = root
  for (const name of path) {
    if (Array.isArray(at)) at = at[Number(name)]
    else at = isMap(at) && Object.hasOwn(at, name) ? at[name] : undefined
  }
  return at
}

/** The written item that became this one of the pod's: that of the same merge key, else of the same place. */
function itemOf(
  located: Located & { kind: 'list' },
  item: Json | undefined,
  key: string | null,
  index: number,
) {
  if (key === null) return located.items[index]
  const name = isMap(item) ? item[key] : undefined
  return located.items.find((one) => {
    const written = one.kind === 'map' ? one.entries.get(key)?.value : undefined
    return written?.kind === 'scalar' && name !== undefined && written.value === name
  })
}

/** Follows a path of the pod in a value that is written at `from` of it. */
function follow(written: Located, pod: Json, path: Path, from: number): Place {
  let place: Place = { depth: from, span: written }
  let at = written
  for (const [index, name] of path.entries()) {
    if (index < from) continue
    const here = path.slice(0, index)
    if (at.kind === 'map') {
      const found = at.entries.get(String(name))
      if (found === undefined) return place
      place = { depth: index + 1, span: found.key }
      at = found.value
    } else if (at.kind === 'list') {
      const found = itemOf(at, valueAt(pod, [...here, name]), mergeKeyAt(here), Number(name))
      if (found === undefined) return place
      place = { depth: index + 1, span: found }
      at = found
    } else return place
  }
  return place
}

const main = ['spec', 'containers', 0]
/** Keys of a task by the begin of the path of what they become. */
const begins: { key: string; at: Path }[] = [
  { key: 'labels', at: ['metadata', 'labels'] },
  { key: 'annotations', at: ['metadata', 'annotations'] },
  { key: 'node_selector', at: ['spec', 'nodeSelector'] },
  { key: 'tolerations', at: ['spec', 'tolerations'] },
  { key: 'affinity', at: ['spec', 'affinity'] },
  { key: 'priority_class', at: ['spec', 'priorityClassName'] },
  { key: 'service_account', at: ['spec', 'serviceAccountName'] },
  { key: 'volumes', at: ['spec', 'volumes'] },
  { key: 'image', at: [...main, 'image'] },
  { key: 'env_from', at: [...main, 'envFrom'] },
  { key: 'env', at: [...main, 'env'] },
  { key: 'volume_mounts', at: [...main, 'volumeMounts'] },
  { key: 'resources', at: [...main, 'resources', 'requests'] },
  { key: 'resources', at: [...main, 'resources', 'limits'] },
]

const startsWith = (path: Path, begin: Path) => begin.every((name, index) => path[index] === name)

/** An item of `image_pull_secrets` is a text there, and a map in the pod. */
function pullSecret(key: KeyOf, pod: Json, path: Path): Span | null {
  if (!startsWith(path, ['spec', 'imagePullSecrets'])) return null
  const name = valueAt(pod, [...path.slice(0, 3), 'name'])
  const list = key('image_pull_secrets')
  const items = list?.kind === 'list' ? list.items : []
  return items.find((item) => item.kind === 'scalar' && item.value === name) ?? null
}

/**
 * Where what is wrong at `path` of the pod is written: in the patch, which comes last, or at a key of the task.
 * @param pod what was made of both
 */
export function placeInNotebook(key: KeyOf, pod: Json, path: Path): Span | null {
  const patch = key('pod')
  const inPatch = patch === null ? null : follow(patch, pod, path, 0)
  const begin = begins.find(({ at }) => startsWith(path, at))
  const written = begin === undefined ? null : key(begin.key)
  const inKey = begin === undefined || written === null ? null : follow(written, pod, path, begin.at.length)
  if (inKey !== null && (inPatch === null || inPatch.depth <= inKey.depth)) return inKey.span
  const secret = pullSecret(key, pod, path)
  if (secret !== null) return secret
  return inPatch?.span ?? null
}

/** Where a path of the patch itself is written. */
export function placeInPatch(patch: Located, path: Path): Span {
  let at = patch
  let span: Span = patch
  for (const name of path) {
    const found = at.kind === 'map' ? at.entries.get(String(name)) : undefined
    const item = at.kind === 'list' ? at.items[Number(name)] : undefined
    const next = found?.value ?? item
    if (next === undefined) return span
    span = found?.key ?? next
    at = next
  }
  return span
}
