/**
 * Records the ends that a cluster shows as fixtures of `explain`: `node record-ends.ts [NAME …]`, with a cluster up. What each is
 * expected to be told as is what it is told as now: to be read before it is kept.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kubeconfigOf } from '../../../../k8s/test-cluster/keys.ts'
import { network, registry, versions } from '../../../../k8s/test-cluster/settings.ts'
import { clusterState } from '../../../../k8s/test-cluster/state.ts'
import { kubectl } from '../../../../k8s/test-cluster/testing/kubectl.ts'
import { harmfulEnds } from './harmful-ends.ts'
import { openOddRegistry } from './odd-registry.ts'
import { hasEnded, isRunning, realEnds, specOf, type RealEnd } from './real-ends.ts'
import { RealPods } from './real-pods.ts'

/** Readable, and as short as that allows: what fits in a line is in one. */
function written(value: unknown, indent = ''): string {
  const line = JSON.stringify(value)
  if (typeof value !== 'object' || value === null || line.length < 200) return line
  const inner = `${indent}  `
  const parts = Array.isArray(value)
    ? value.map((one) => written(one, inner))
    : Object.entries(value).map(([name, one]) => `${JSON.stringify(name)}: ${written(one, inner)}`)
  const [open, shut] = Array.isArray(value) ? '[]' : '{}'
  return `${open}\n${parts.map((part) => inner + part).join(',\n')}\n${indent}${shut}`
}

const folder = join(import.meta.dirname, '../../../../server/domain/pod/golden')
const state = await clusterState()
if (state === null) throw new Error('no cluster is up: npm run cluster -- up')
const wanted = process.argv.slice(2)
const namespace = `record-${Date.now()}`
await kubectl(['create', 'namespace', namespace])
await mkdir(folder, { recursive: true })
const pods = new RealPods(kubeconfigOf('admin'), namespace)
const odd = await openOddRegistry(network.host, registry)

const all: Record<string, RealEnd & { undo?: () => Promise<unknown> }> = {
  ...realEnds(registry, odd.address),
  ...harmfulEnds(registry),
}
for (const [name, end] of Object.entries(all)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  const { uid } = (await pods.create(name, specOf(registry, end))).metadata
  if (end.act !== undefined) {
    await pods.when(name, end.actWhen ?? isRunning)
    await end.act(pods, name, uid)
  }
  await pods.when(name, end.when ?? hasEnded)
  const { pod, events, verdict } = await pods.observe(name, uid)
  await end.undo?.()
  const { items } = events as { items: { metadata: { managedFields?: unknown } }[] }
  for (const { metadata } of items) delete metadata.managedFields
  const source = `Kubernetes ${versions[state.minor]}`
  const fixture = { about: end.about, source, pod, events: items, expected: verdict }
  await writeFile(join(folder, `recorded-${name}.json`), `${written(fixture)}\n`)
  console.log(`${name}: ${verdict.state} ${verdict.reason} ${verdict.message}`)
}
await pods.close()
await odd.close()
process.exit(0)
