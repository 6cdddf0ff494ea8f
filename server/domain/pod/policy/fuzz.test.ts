import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Pod } from '../manifest.ts'
import { podOfAttempt } from '../pod-of-attempt.ts'
import { attempt, facts, soundPod } from '../testing.ts'
import { drawnTask } from './drawn-patch.ts'
import { controlNames, violations } from './oracle.ts'
import { rules } from './policy.ts'
import { standardRules } from './standard.ts'

const alone = attempt({ action: { kind: 'image' }, reports: false, key: null })
const kinds = { collected: attempt(), alone }
const bases = { collected: soundPod(facts()), alone: soundPod(facts({}, { attempt: alone })) }
const drawn = fc.record({
  task: drawnTask,
  kind: fc.constantFrom<keyof typeof kinds>('collected', 'collected', 'alone'),
})

/** What is ours, asked for in another way than by the rules. */
function checkOurs(pod: Pod, base: Pod): void {
  const text = (value: unknown) => JSON.stringify(value)
  const agents = base.spec.initContainers ?? []
  expect(text(pod.spec.initContainers?.slice(0, agents.length))).toBe(text(agents))
  expect(pod.spec.containers.map(({ name }) => name)).toEqual(['main'])
  const [main, made] = [pod.spec.containers[0], base.spec.containers[0]]
  for (const field of ['image', 'command', 'args', 'workingDir', 'restartPolicy'] as const)
    expect(text(main?.[field])).toBe(text(made?.[field]))
  const last = new Map(main?.env?.map((one) => [one.name, one]))
  for (const one of made?.env ?? []) expect(last.get(one.name)).toEqual(one)
  const { name, namespace, finalizers } = pod.metadata
  expect({ name, namespace, finalizers }).toEqual({
    name: base.metadata.name,
    namespace: base.metadata.namespace,
    finalizers: base.metadata.finalizers,
  })
  for (const [key, value] of Object.entries(base.metadata.labels))
    expect(pod.metadata.labels[key]).toBe(value)
  const { restartPolicy, serviceAccountName, automountServiceAccountToken, hostNetwork } = pod.spec
  expect({
    restartPolicy,
    serviceAccountName,
    automountServiceAccountToken,
    hostNetwork: hostNetwork ?? false,
  }).toEqual({
    restartPolicy: 'Never',
    serviceAccountName: base.spec.serviceAccountName,
    automountServiceAccountToken: false,
    hostNetwork: false,
  })
  const outside = text({
    ...pod,
    spec: { ...pod.spec, initContainers: pod.spec.initContainers?.slice(agents.length) },
  })
  expect(outside).not.toMatch(/dagbok-token|serviceAccountToken|nodeName/)
}

describe('[S7] whatever a task says of its pod', () => {
  test('what passes is restricted by another reading of the standard, and ours in what is ours', () => {
    const base = JSON.stringify(bases.collected)
    let changed = 0
    fc.assert(
      fc.property(drawn, ({ task, kind }) => {
        const { pod, faults } = podOfAttempt(facts(task, { attempt: kinds[kind] }))
        expect(pod === null).toBe(faults.length > 0)
        for (const fault of faults) expect(fault).toMatch(/^\S.{10,}/)
        if (pod === null) return
        if (kind === 'collected' && JSON.stringify(pod) !== base) changed++
        expect(violations(pod)).toEqual([])
        checkOurs(pod, bases[kind])
      }),
      { numRuns: 10_000 },
    )
    // Else it would only show that all is refused.
    expect(changed).toBeGreaterThan(100)
  })

  test('and it is the policy that does it: without it each control of the standard is broken', () => {
    const broken = new Set<string>()
    fc.assert(
      fc.property(drawn, ({ task, kind }) => {
        const { pod } = podOfAttempt(facts(task, { attempt: kinds[kind] }), {})
        if (pod !== null) for (const control of violations(pod)) broken.add(control)
      }),
      { numRuns: 10_000 },
    )
    // Windows has no field here, and is refused before any rule.
    expect([...broken].toSorted()).toEqual(controlNames.filter((name) => name !== 'HostProcess').toSorted())
  })

  test('and a policy that lacks any of its rules is found out', () => {
    // An id of 0 is also refused because all ids are one and none is 0; and of the node's folders there are two rules.
    const missing = new Map(
      Object.keys(standardRules)
        .filter((name) => name !== 'userIds')
        .map((name) => [name, name === 'volumeTypes' ? [name, 'hostPaths'] : [name]]),
    )
    for (let batch = 0; batch < 100 && missing.size > 0; batch++)
      for (const { task, kind } of fc.sample(drawn, 1000)) {
        const given = facts(task, { attempt: kinds[kind] })
        const open = podOfAttempt(given, {}).pod
        if (open === null || violations(open).length === 0) continue
        for (const [name, without] of missing) {
          const weak = Object.fromEntries(Object.entries(rules).filter(([one]) => !without.includes(one)))
          if (podOfAttempt(given, weak).pod !== null) missing.delete(name)
        }
      }
    expect([...missing.keys()]).toEqual([])
  })
})
