import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { specHashAnnotation } from './names.ts'
import { plainAgentSize, plainDefaults } from './deployment.ts'
import {
  scaled,
  unusedMs,
  warmDeployment,
  warmFactsOf,
  warmLabels,
  warmPatch,
  type Lull,
  type WarmGiven,
} from './warm-deployment.ts'

const pool = { workers: 5, slots: 4, size: { cpu: 1.5, memory: 2 ** 30 }, idleMs: 300_000, drainSeconds: 600 }
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

describe('how many workers there are to be', () => {
  const after = (steps: readonly [live: number, now: number][], replicas = 0, busy = 0) => {
    let lull: Lull | null = null
    let at: number | null = replicas
    const seen: (number | null)[] = []
    for (const [live, now] of steps) {
      const next = scaled(pool, { live, busy, replicas: at ?? 0, lull, now })
      ;({ replicas: at, lull } = next)
      seen.push(at)
    }
    return seen
  }

  test('as many as there is work for, at once, and no more than there may be', () =>
    expect(
      after([
        [1, 0],
        [5, 1],
        [20, 2],
        [1000, 3],
      ]),
    ).toEqual([1, 2, 5, 5]))

  test('fewer once that was enough for a while, and none when there is no work', () =>
    expect(
      after(
        [
          [2, 0],
          [9, 200_000],
          [0, 299_999],
          // The most that was wanted meanwhile were three.
          [0, 300_000],
          [0, 300_001],
          [0, 600_001],
        ],
        5,
      ),
    ).toEqual([5, 5, 5, 3, 3, 0]))

  test('work that comes again begins the while anew', () =>
    expect(
      after(
        [
          [0, 0],
          [20, 299_999],
          [0, 300_000],
          [0, 599_999],
          [0, 600_000],
        ],
        5,
      ),
    ).toEqual([5, 5, 5, 5, 0]))

  test('none goes that has something to do', () =>
    expect(
      after(
        [
          [3, 0],
          [3, 300_000],
        ],
        5,
        3,
      ),
    ).toEqual([5, 3]))

  test('a Deployment that nobody has asked for goes after an hour', () =>
    expect(
      after([
        [0, 0],
        [0, unusedMs - 1],
        [0, unusedMs],
      ]),
    ).toEqual([0, 0, null]))
})

const given: WarmGiven = {
  queueKey: 'team/~default~0123456789abcdef',
  image: 'python:3.13@sha256:aa',
  versionId: null,
  tokenId: 'token-id',
  cluster: 'default',
  token: 'dgw_$(HOME)',
  pulled: 'python:3.13@sha256:aa',
  pool,
  deployment: {
    namespace: 'dagbok-main',
    instance: 'prod',
    agent: { image: 'agent:1', size: plainAgentSize },
    address: 'https://dagbok.example',
    defaults: { ...plainDefaults, imagePullSecrets: ['registry'], serviceAccount: 'tasks' },
  },
}

test('what is kept with a Deployment is read from it again', () => {
  const facts = ({ queueKey, image, versionId, tokenId }: WarmGiven) => ({
    queueKey,
    image,
    versionId,
    tokenId,
  })
  for (const one of [given, { ...given, versionId: 'v1' }])
    expect(warmFactsOf(warmDeployment(one, sha256).metadata.annotations)).toEqual(facts(one))
  expect(warmFactsOf({ 'dagbok.dev/queue': 'x' })).toBeNull()
})

test('a worker has the image, the size and the rights that are asked for, and its token as it is', () => {
  const { spec } = warmDeployment(given, sha256)
  const [main] = spec.template.spec.containers
  expect(main).toMatchObject({
    image: given.image,
    env: [{ name: 'DAGBOK_WORKER_TOKEN', value: 'dgw_$$(HOME)' }, {}, {}],
    resources: { limits: { cpu: '1500m', memory: '1073741824' } },
  })
  expect(main?.args).toContain('--queue=~default~0123456789abcdef')
  expect(spec.template.spec).toMatchObject({
    serviceAccountName: 'tasks',
    automountServiceAccountToken: false,
    imagePullSecrets: [{ name: 'registry' }],
    terminationGracePeriodSeconds: 660,
  })
})

test('what is not said any more is taken away', () => {
  const { defaults } = given.deployment
  const plain = { ...given.deployment, defaults: { ...defaults, serviceAccount: null, imagePullSecrets: [] } }
  expect(warmPatch(warmDeployment({ ...given, deployment: plain }, sha256), 3)).toMatchObject({
    spec: {
      replicas: 3,
      template: { spec: { serviceAccountName: null, serviceAccount: null, imagePullSecrets: null } },
    },
  })
})

test('a cluster’s name is a label, whatever its end', () =>
  expect(warmLabels('gpu-', 'prod', sha256)['dagbok.dev/cluster']).toMatch(
    /^[a-z0-9]([-._a-z0-9]*[a-z0-9])?$/,
  ))

test('what changes of it changes its hash, and nothing else does', () => {
  const hash = (more: Partial<WarmGiven>) =>
    warmDeployment({ ...given, ...more }, sha256).metadata.annotations[specHashAnnotation]
  expect(hash({})).toBe(hash({ versionId: 'v1' }))
  expect(hash({ pool: { ...pool, slots: 5 } })).not.toBe(hash({}))
  expect(hash({ pool: { ...pool, workers: 9, idleMs: 1 } })).toBe(hash({}))
})
