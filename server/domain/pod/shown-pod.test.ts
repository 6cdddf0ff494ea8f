import { parse } from 'yaml'
import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { lastSeenOf, shownYaml, withoutSecrets } from './shown-pod.ts'
import { attempt, facts, soundPod } from './testing.ts'

type JsonMap = { [key: string]: Json }
const token = `dagbok_pod_${'a-B_9'.repeat(8)}xyz`
const jsonOf = (pod: unknown) => JSON.parse(JSON.stringify(pod)) as JsonMap
const made = (env: Record<string, string> = {}) =>
  jsonOf(soundPod(facts({}, { attempt: attempt({ token: { kind: 'value', value: token }, env }) })))
const at = '2026-01-31T06:00:00.000Z'

describe('a pod that is shown', () => {
  test('[S6] has no token in it, wherever a cluster has written it, and no value of a secret variable', () => {
    const pod = made({ API_KEY: 'hunter22', WHERE: 'https://x:hunter22@y' })
    const seen = {
      ...pod,
      metadata: {
        ...(pod['metadata'] as JsonMap),
        managedFields: [{ manager: 'dagbok' }],
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': JSON.stringify(pod) },
      },
    }
    const told = [{ reason: 'Failed', message: `exec failed: DAGBOK_TOKEN=${token} API_KEY=hunter22` }]
    const kept = JSON.stringify(lastSeenOf(seen, told, at))
    expect(JSON.stringify(seen)).toContain(token)
    expect(kept).not.toMatch(/dagbok_pod_|hunter22|managedFields/)
    expect(kept).toContain('https://x:•••@y')
    expect(kept.match(/\(hidden\)/g)?.length).toBeGreaterThan(2)
    expect(shownYaml(withoutSecrets(seen))).not.toMatch(/dagbok_pod_|hunter22/)
  })

  test('keeps the state of its containers, its conditions, its node, and what was told of it alone', () => {
    const status = {
      phase: 'Failed',
      conditions: [{ type: 'Ready', status: 'False' }],
      containerStatuses: [{ name: 'main', state: { terminated: { exitCode: 137, reason: 'OOMKilled' } } }],
    }
    const pod = { ...made(), metadata: { uid: 'u1' }, spec: { nodeName: 'n1' }, status }
    const event = (uid: string, lastTimestamp: string) => ({
      involvedObject: { uid, fieldPath: 'spec.containers{main}' },
      reason: 'Killing',
      message: 'Stopping',
      lastTimestamp,
    })
    const events = { items: [event('u1', at), event('u2', at), event('u1', '2026-01-30T06:00:00Z')] }
    expect(lastSeenOf(pod, events, at)).toEqual({
      at,
      pod: { ...pod },
      events: [
        { at: '2026-01-30T06:00:00.000Z', reason: 'Killing', message: 'Stopping', container: 'main' },
        { at, reason: 'Killing', message: 'Stopping', container: 'main' },
      ],
      logs: [],
    })
  })

  test('keeps the end of the log of each container beside main that is given, without what is secret', () => {
    const text = `${'x'.repeat(20_000)}\nDAGBOK_TOKEN=${token} key hunter22\n`
    const logs = [{ container: 'gate', text }]
    const kept = lastSeenOf(made({ API_KEY: 'hunter22' }), [], at, logs)?.logs ?? []
    expect(kept).toMatchObject([{ container: 'gate' }])
    expect(kept[0]?.text).toMatch(/^… \(what is before is left out\)\nx+\nDAGBOK_TOKEN=\(hidden\) key •••\n$/)
    expect(kept[0]?.text.length).toBeLessThan(16_100)
  })

  test('is bounded, whatever it has: first long texts are cut, then its spec is left out', () => {
    const bytes = (value: unknown) => JSON.stringify(value).length
    const long = lastSeenOf(made({ LONG: 'x'.repeat(500_000) }), [], at)
    expect(bytes(long)).toBeLessThan(300_000)
    expect(JSON.stringify(long)).toContain('xxx… (498000 characters more)')
    const many = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`V${i}`, 'y'.repeat(200)]))
    const wide = { ...made(many), status: { phase: 'Running' } }
    const cut = lastSeenOf(
      wide,
      Array.from({ length: 500 }, () => ({ message: 'z'.repeat(9000) })),
      at,
    )
    expect(cut?.pod).toMatchObject({ kind: 'Pod', status: { phase: 'Running' } })
    expect(cut?.pod['spec']).toMatch(/^\(its \d+ bytes are too many to keep\)$/)
    expect(bytes(cut)).toBeLessThan(300_000)
    const all = lastSeenOf({ ...wide, status: many }, [], at)
    expect(bytes(all)).toBeLessThan(300_000)
  })

  test('is nothing where there is no pod', () => {
    expect([null, 'x', [], 3].map((one) => lastSeenOf(one, [], at))).toEqual([null, null, null, null])
  })

  test('is YAML that says the same', () => {
    const pod = withoutSecrets(made({ YES: 'yes', N: '012' }))
    expect(parse(shownYaml(pod), { version: '1.1' })).toEqual(pod)
  })
})
