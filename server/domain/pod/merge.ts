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

interface ListMerging {
  key: string
  path: Path
  merging: Merging
}

/** What an item of a patch is called, and whether it deletes; null after a fault, and where it only says `replace`. */
function readItem(item: Json, at: Path, { key, merging }: ListMerging) {
  const refuse = (message: string) => void merging.faults.push({ path: at, message })
  if (!isMap(item)) return (refuse(`must be a map with a \`${key}\``), null)
  const word = directiveOf(item, ['replace', 'delete'], at, merging)
  if (word === 'replace') {
    if (Object.keys(item).length > 1) refuse(replacesAll)
    return null
  }
  const name = own(item, key)
  if (typeof name !== 'string' && typeof name !== 'number')
    return (refuse(`has no \`${key}\`, by which items of this list are told apart`), null)
  const { [directive]: _, ...rest } = item
  return { name, rest, deletes: word === 'delete' }
}

/** Lists may be long, and each item is looked up. */
function mergeList(base: readonly Json[], patch: readonly Json[], how: ListMerging): Json[] {
  const replaces = patch.some((item) => isMap(item) && own(item, directive) === 'replace')
  const merged: (Json | undefined)[] = replaces ? [] : [...base]
  const places = new Map<Json | undefined, number[]>()
  for (const [place, item] of merged.entries()) {
    const name = isMap(item) ? own(item, how.key) : undefined
    const found = places.get(name)
    if (found === undefined) places.set(name, [place])
    else found.push(place)
  }
  const seen = new Set<Json>()
  for (const [index, item] of patch.entries()) {
    const at = [...how.path, index]
    const read = readItem(item, at, how)
    if (read === null) continue
    const { name, rest, deletes } = read
    if (seen.has(name)) {
      how.merging.faults.push({
        path: at,
        message: `is there twice with the same \`${how.key}\`: write it once`,
      })
      continue
    }
    seen.add(name)
    const found = places.get(name) ?? []
    const [place = merged.length] = found
    if (deletes) for (const one of found) merged[one] = undefined
    else merged[place] = mergeMap((merged[place] ?? {}) as JsonMap, rest, at, how.merging)
  }
  return merged.filter((item) => item !== undefined)
}

/** The patched pod, not yet checked; what of the patch cannot be carried out is in `faults`, by its path in the patch. Neither is changed. */
export function mergePatch(pod: JsonMap, patch: JsonMap): { merged: JsonMap; faults: PodFault[] } {
  const merging: Merging = { faults: [] }
  const merged = mergeMap(pod, patch, [], merging)
  return { merged, faults: merging.faults }
}
