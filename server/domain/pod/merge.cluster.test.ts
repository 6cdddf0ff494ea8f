import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { canonicalJson, type Json } from '../json.ts'
import { isUnion, mergeKeyAt } from './merge-keys.ts'
import { mergePatch } from './merge.ts'
import { drawnPatch } from './policy/drawn-patch.ts'
import { facts, soundPod } from './testing.ts'

/** What is drawn is the same each time: what differs from a real cluster is looked for by another seed. */
const seed = 20261127

type JsonMap = { [key: string]: Json }
const base = soundPod(
  facts({
    volumes: [{ name: 'x', emptyDir: {} }],
    tolerations: [{ key: 'a', operator: 'Exists' }],
    env_from: [{ secretRef: { name: 's' } }],
    node_selector: { zone: 'a' },
    image_pull_secrets: ['r'],
  }),
) as unknown as JsonMap

/** What Kubernetes' own library makes of a pod and a patch; null where it does not take them. */
async function byKubernetes(pod: JsonMap, patch: JsonMap): Promise<Json | null> {
  const args = [
    'patch',
    '--local',
    '-f',
    '-',
    '--type',
    'strategic',
    '-p',
    JSON.stringify(patch),
    '-o',
    'json',
  ]
  try {
    return JSON.parse(await kubectl(args, pod)) as Json
  } catch {
    return null
  }
}

/**
 * With lists that are merged in one order (Kubernetes puts first what a patch adds, we put it last), and without null, which
 * it leaves in what is new, where it means nothing.
 */
function ordered(value: Json, path: string[] = []): Json {
  if (Array.isArray(value)) {
    const items = value.map((item) => ordered(item, path))
    const key = mergeKeyAt(path)
    const name = (item: Json) => JSON.stringify(key === null ? item : (item as JsonMap)[key])
    return key === null && !isUnion(path) ? items : items.toSorted((a, b) => (name(a) < name(b) ? -1 : 1))
  }
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, one]) =>
      one === null ? [] : [[key, ordered(one, [...path, key])]],
    ),
  )
}

/** kubectl puts its own where a patch has taken the pod's away; the policy lets no patch change it. */
const withoutNamespace = (pod: Json): Json => {
  const { metadata, ...rest } = pod as JsonMap
  const { namespace: _, ...others } = (metadata ?? {}) as JsonMap
  return { ...rest, metadata: others }
}

/** What Kubernetes leaves undone: a directive within what is new. */
const isUndone = (merged: Json) => JSON.stringify(merged).includes('"$patch"')

describe('a patch is merged as Kubernetes merges it', () => {
  test('patches at random', async () => {
    let compared = 0
    const otherwise: string[] = []
    const patches = fc.sample(drawnPatch, { numRuns: 300, seed })
    const lanes = Array.from({ length: 4 }, async (_, lane) => {
      for (const [index, patch] of patches.entries()) {
        if (index % 4 !== lane) continue
        const { merged, faults } = mergePatch(base, patch)
        const [theirs, ours] = [await byKubernetes(base, patch), await byKubernetes(merged, {})]
        if (faults.length > 0 || theirs === null || ours === null || isUndone(theirs)) continue
        compared++
        const [a, b] = [ours, theirs].map((one) => canonicalJson(ordered(withoutNamespace(one))))
        if (a !== b) otherwise.push(`${JSON.stringify(patch)}\n${a}\n${b}`)
      }
    })
    await Promise.all(lanes)
    expect(otherwise).toEqual([])
    expect(compared).toBeGreaterThan(100)
  })
})
