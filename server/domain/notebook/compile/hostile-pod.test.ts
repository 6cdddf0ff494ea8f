import { describe, expect, test } from 'vitest'
import fc from 'fast-check'
import type { TaskPod } from '../../pod/task-pod.ts'
import { anything } from '../../pod/policy/allowed.ts'
import { drawnTask } from '../../pod/policy/drawn-patch.ts'
import { podOfAttempt } from '../../pod/pod-of-attempt.ts'
import { attempt, facts } from '../../pod/testing.ts'
import { compile } from '../compile.ts'

const cpu = () => process.cpuUsage().user / 1000
const compiled = (text: string) => compile({ path: 'x.dag.yaml', text, readFile: () => null })
const dag = (keys: object) =>
  JSON.stringify({
    dagbok: 1,
    id: 'x',
    tasks: [{ id: 'a', executor: 'kubernetes', image: 'a', command: ['x'], ...keys }],
  })
const list = <T>(n: number, item: (i: number) => T) => Array.from({ length: n }, (_, i) => item(i))
const map = <T>(n: number, item: (i: number) => [string, T]) => Object.fromEntries(list(n, item))

describe('a pod of very much is refused or taken in a time that grows with its size, not with its square', () => {
  test.each<[string, (n: number) => object]>([
    ['volumes', (n) => ({ volumes: list(n, (i) => ({ name: `v${i}`, emptyDir: {} })) })],
    ['volumes of no type', (n) => ({ volumes: list(n, (i) => ({ name: `v${i}` })) })],
    [
      'volumes in the patch',
      (n) => ({ pod: { spec: { volumes: list(n, (i) => ({ name: `v${i}`, emptyDir: {} })) } } }),
    ],
    [
      'one volume again and again',
      (n) => ({ pod: { spec: { volumes: list(n, () => ({ name: 'v', emptyDir: {} })) } } }),
    ],
    ['mounts of no volume', (n) => ({ volume_mounts: list(n, (i) => ({ name: 'v', mountPath: `/v${i}` })) })],
    ['fields that are none', (n) => ({ pod: { spec: map(n, (i) => [`hostNetwork${i}`, true]) } })],
    [
      'containers',
      (n) => ({ pod: { spec: { initContainers: list(n, (i) => ({ name: `c${i}`, image: 'A' })) } } }),
    ],
    [
      'variables',
      (n) => ({
        pod: {
          spec: { containers: [{ name: 'main', env: list(n, (i) => ({ name: `DAGBOK_${i}`, value: '' })) }] },
        },
      }),
    ],
    ['labels', (n) => ({ labels: map(n, (i) => [`a ${i}`, 'b c']) })],
    ['tolerations', (n) => ({ tolerations: list(n, (i) => ({ key: `a ${i}`, operator: 'Exists' })) })],
  ])('%s', (_, keys) => {
    const timed = (n: number) => {
      const before = cpu()
      const { faults, spec } = compiled(dag(keys(n)))
      expect(faults.length > 0).toBe(spec === null)
      return cpu() - before
    }
    timed(500)
    expect(timed(10_000)).toBeLessThan(30 * Math.max(timed(1000), 60))
  })
})

/** What a task says, as its keys. */
function keysOf({ patch, resources, ...rest }: TaskPod): object {
  const said = Object.entries(rest).filter(([, value]) => value !== null)
  return { ...Object.fromEntries(said), resources, ...(patch === null ? {} : { pod: patch }) }
}

describe('[N5] whatever a task says of its pod', () => {
  test('there is a spec, from which a pod is made, or there are faults at places of the text', () => {
    let taken = 0
    fc.assert(
      fc.property(drawnTask, (task) => {
        const text = dag(keysOf(task))
        const { faults, spec } = compiled(text)
        for (const { file, line, column, message } of faults) {
          expect(file).toBe('x.dag.yaml')
          expect(line).toBe(1)
          expect(column).toBeGreaterThan(text.indexOf('"tasks"'))
          expect(column).toBeLessThanOrEqual(text.length)
          expect(message).toMatch(/^\S.{10,}/)
        }
        expect(spec === null).toBe(faults.length > 0)
        if (spec === null) return
        taken++
        const pod = spec.tasks[0]?.pod ?? null
        const given = attempt({ action: { kind: 'command', command: ['x'] }, image: 'a', folder: '' })
        expect(podOfAttempt(facts({}, { task: pod, attempt: given, allowance: anything })).faults).toEqual([])
      }),
      { numRuns: 2000 },
    )
    expect(taken).toBeGreaterThan(100)
  })
})
