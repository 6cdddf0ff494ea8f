import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { labelValue, podAnnotations, podLabels, podName, type AttemptIdentity } from './names.ts'
import { isDnsLabel, isLabelValue, isQualifiedName } from './syntax.ts'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

const text = fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.stringMatching(/^[a-z][a-z0-9_-]{0,62}$/),
  fc.stringMatching(/^[-_.a-zA-Z0-9]{0,70}$/),
  fc.stringMatching(/^alpha=[0-9.]{1,4},k=[0-9]{1,3}$/),
)
const identity: fc.Arbitrary<AttemptIdentity> = fc.record({
  attemptId: fc.uuid(),
  runId: fc.uuid(),
  dag: text,
  versionId: fc.uuid(),
  task: text,
  key: fc.option(text),
  n: fc.integer({ min: 1, max: 2 ** 31 }),
})
const runs = { numRuns: 2000 }

describe('[R1] the name of a pod is a function of run, task, item key and attempt', () => {
  test('it is a host name, whatever the texts', () => {
    fc.assert(
      fc.property(identity, (one) => {
        expect(podName(one, sha256)).toSatisfy(isDnsLabel)
      }),
      runs,
    )
  })

  test('it is the same for the same attempt, whatever else is said of it', () => {
    fc.assert(
      fc.property(identity, fc.uuid(), (one, other) => {
        expect(podName({ ...one, attemptId: other, versionId: other }, sha256)).toBe(podName(one, sha256))
      }),
      runs,
    )
  })

  test('two attempts never have one name', () => {
    const names = new Map<string, string>()
    fc.assert(
      fc.property(identity, (one) => {
        const what = JSON.stringify([one.runId, one.task, one.key, one.n])
        const name = podName(one, sha256)
        expect(names.get(name) ?? what).toBe(what)
        names.set(name, what)
      }),
      runs,
    )
    expect(names.size).toBeGreaterThan(1000)
  })

  test.each([
    [{ task: 'train' }, { task: 'train', key: '' }],
    [{ task: 'a-b' }, { task: 'a.b' }],
    [{ task: 'a_b' }, { task: 'a-b' }],
    [{ key: '1' }, { key: '01' }],
    [{ n: 1 }, { n: 11 }],
    [
      { task: 'train', n: 12 },
      { task: 'train-1', n: 2 },
    ],
  ])('%o and %o look alike, and have two names', (a, b) => {
    const plain = { attemptId: '', runId: 'r', dag: '', versionId: '', task: 'x', key: null, n: 1 }
    expect(podName({ ...plain, ...a }, sha256)).not.toBe(podName({ ...plain, ...b }, sha256))
  })

  test('a person recognises the task and the attempt in it', () => {
    const name = podName(
      { attemptId: '', runId: 'r', dag: 'iris', versionId: 'v', task: 'clean.tidy', key: null, n: 2 },
      sha256,
    )
    expect(name).toMatch(/^dagbok-clean-tidy-2-[0-9a-f]{20}$/)
  })
})

describe('labels', () => {
  test('any text gives a value that Kubernetes takes', () => {
    fc.assert(
      fc.property(text, (one) => {
        expect(labelValue(one, sha256)).toSatisfy(isLabelValue)
      }),
      runs,
    )
  })

  test('two texts never give one value, not even a text that is the value of another', () => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        const [first, second] = [labelValue(a, sha256), labelValue(b, sha256)]
        expect(first === second).toBe(a === b)
        expect(labelValue(first, sha256) === first).toBe(a === first)
      }),
      runs,
    )
  })

  test('what may stand there as it is does', () => {
    for (const plain of ['', 'iris', 'clean.tidy', '0199c0de-7a2b-7000-8000-000000000001', 'v1.2'])
      expect(labelValue(plain, sha256)).toBe(plain)
  })

  test('half a character, which UTF-8 has not, is told from another half', () => {
    expect(labelValue('\ud800', sha256)).not.toBe(labelValue('\ud801', sha256))
  })

  test('every key and value of a pod is valid, and the annotations have the names in full', () => {
    fc.assert(
      fc.property(identity, text, (one, instance) => {
        const labels = podLabels(one, instance, sha256)
        for (const [key, value] of Object.entries(labels)) {
          expect(key).toSatisfy(isQualifiedName)
          expect(value).toSatisfy(isLabelValue)
        }
        const annotations = podAnnotations(one)
        expect(Object.keys(annotations).every(isQualifiedName)).toBe(true)
        expect(annotations['dagbok.dev/task']).toBe(one.task)
        expect(annotations['dagbok.dev/key']).toBe(one.key ?? undefined)
        expect('dagbok.dev/key' in labels).toBe(one.key !== null)
      }),
      runs,
    )
  })
})
