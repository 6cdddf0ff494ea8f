/**
 * A strategic merge patch on a pod, by the rules that the API server has for pods: maps are merged, null takes a key away,
 * lists are merged by their key or replaced. `$patch: replace` and `$patch: delete` work; the directives that only
 * `kubectl apply` makes are refused. One difference, on purpose: items that a patch adds come after those that are there,
 * so that nothing comes before the gate.
 */
import type { Json } from '../json.ts'
import type { Path, PodFault } from './fault.ts'
import { isUnion, mergeKeyAt } from './merge-keys.ts'

type JsonMap = { [key: string]: Json }
const isMap = (value: Json | undefined): value is JsonMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
const own = (map: JsonMap, key: string): Json | undefined => (Object.hasOwn(map, key) ? map[key] : undefined)

const directive = '$patch'

interface Merging {
  faults: PodFault[]
}

function refusal(key: string): string | null {
  if (key === '__proto__') return 'is not a field of anything'
  if (key === directive || !key.startsWith('$')) return null
  const why = key.startsWith('$deleteFromPrimitiveList/')
    ? 'the only such list of a pod is its finalizers, which are ours'
    : 'the order of a list is that of the pod, then of the patch'
  return `is a directive that is not carried out here (${why}): use null, \`$patch: delete\` or \`$patch: replace\``
}

/** What `$patch` says in a map, without it; a word that it cannot have is told. */
function directiveOf(
  patch: JsonMap,
  allowed: readonly string[],
  path: Path,
  merging: Merging,
): string | null {
  const value = own(patch, directive)
  if (value === undefined) return null
  if (typeof value === 'string' && allowed.includes(value)) return value
  const words = allowed.map((word) => `\`${word}\``).join(' or ')
  merging.faults.push({
    path: [...path, directive],
    message: `is ${JSON.stringify(value)}, and may be ${words}`,
  })
  return null
}

/** Where no map is, one that says `$patch` and holds nothing takes away what is. */
const takesAway = (value: Json, base: Json | undefined): boolean =>
  value === null ||
  (isMap(value) &&
    !isMap(base) &&
    (own(value, directive) === 'delete' ||
      (own(value, directive) === 'replace' && Object.keys(value).length === 1)))

function mergeMap(base: JsonMap, patch: JsonMap, path: Path, merging: Merging): JsonMap {
  const word = directiveOf(patch, ['replace', 'delete'], path, merging)
  if (word === 'delete') return {}
  const merged = new Map(word === 'replace' ? [] : Object.entries(base))
  for (const [key, value] of Object.entries(patch)) {
    if (key === directive) continue
    const refused = refusal(key)
    if (refused !== null) merging.faults.push({ path: [...path, key], message: refused })
    else if (takesAway(value, merged.get(key))) merged.delete(key)
    else merged.set(key, mergeValue(merged.get(key), value, [...path, key], merging))
  }
  return Object.fromEntries(merged)
}

function mergeValue(base: Json | undefined, patch: Json, path: Path, merging: Merging): Json {
  if (isMap(patch)) return mergeMap(isMap(base) ? base : {}, patch, path, merging)
  if (!Array.isArray(patch)) return patch
  if (isUnion(path)) return [...new Set([...(Array.isArray(base) ? base : []), ...patch])]
  const key = mergeKeyAt(path)
  return key === null
    ? patch.map((item, index) => mergeItem(item, [...path, index], merging))
    : mergeList(Array.isArray(base) ? base : [], patch, { key, path, merging })
}

const replacesAll =
  'is an item with `$patch: replace`, which replaces the whole list and so may hold nothing else: put what is to be there in items of its own'

/** An item of a list that is replaced: nothing is under it, and nothing in it is null. */
const mergeItem = (item: Json, path: Path, merging: Merging): Json =>
  mergeValue(undefined, item, path, merging)

function mergeList(
  base: readonly Json[],
  patch: readonly Json[],
  { key, path, merging }: { key: string; path: Path; merging: Merging },
): Json[] {
  const replaces = patch.some((item) => isMap(item) && own(item, directive) === 'replace')
  let merged = replaces ? [] : [...base]
  const seen = new Set<Json>()
  for (const [index, item] of patch.entries()) {
    const at = [...path, index]
    if (!isMap(item)) {
      merging.faults.push({ path: at, message: `must be a map with a \`${key}\`` })
      continue
    }
    const word = directiveOf(item, ['replace', 'delete'], at, merging)
    if (word === 'replace') {
      if (Object.keys(item).length > 1) merging.faults.push({ path: at, message: replacesAll })
      continue
    }
    const name = own(item, key)
    if (typeof name !== 'string' && typeof name !== 'number') {
      merging.faults.push({
        path: at,
        message: `has no \`${key}\`, by which items of this list are told apart`,
      })
      continue
    }
    if (seen.has(name)) {
      merging.faults.push({ path: at, message: `is there twice with the same \`${key}\`: write it once` })
      continue
    }
    seen.add(name)
    const place = merged.findIndex((one) => isMap(one) && own(one, key) === name)
    const { [directive]: _, ...rest } = item
    if (word === 'delete') merged = merged.filter((one) => !(isMap(one) && own(one, key) === name))
    else if (place < 0) merged.push(mergeMap({}, rest, at, merging))
    else merged[place] = mergeMap(merged[place] as JsonMap, rest, at, merging)
  }
  return merged
}

/** The patched pod, not yet checked; what of the patch cannot be carried out is in `faults`, by its path in the patch. Neither is changed. */
export function mergePatch(pod: JsonMap, patch: JsonMap): { merged: JsonMap; faults: PodFault[] } {
  const merging: Merging = { faults: [] }
  const merged = mergeMap(pod, patch, [], merging)
  return { merged, faults: merging.faults }
}
