import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Json } from '../json.ts'
import { mergePatch } from './merge.ts'

type JsonMap = { [key: string]: Json }
const base: JsonMap = {
  apiVersion: 'v1',
  metadata: { labels: { a: '1', b: '2' }, finalizers: ['x'] },
  spec: {
    containers: [
      {
        name: 'main',
        image: 'i',
        command: ['a', 'b'],
        env: [{ name: 'A', value: '1' }],
        ports: [{ containerPort: 80, name: 'web' }],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
        securityContext: { capabilities: { drop: ['ALL'] } },
        resources: { limits: { cpu: '1', memory: '1Gi' } },
      },
    ],
    initContainers: [{ name: 'gate' }, { name: 'outputs' }],
    volumes: [{ name: 'data', emptyDir: {} }],
    tolerations: [{ key: 'a' }, { key: 'b' }],
    imagePullSecrets: [{ name: 'one' }],
    hostAliases: [{ ip: '10.0.0.1', hostnames: ['x'] }],
    nodeSelector: { zone: 'a' },
  },
}
const merge = (patch: JsonMap) => mergePatch(base, patch)
/** What a patch of the spec makes of one of its fields. */
function field(name: string, patch: JsonMap): Json | undefined {
  const { merged, faults } = merge({ spec: patch })
  expect(faults).toEqual([])
  return (merged['spec'] as JsonMap)[name]
}
const main = (patch: JsonMap) =>
  (field('containers', { containers: [{ name: 'main', ...patch }] }) as JsonMap[])[0]

describe('maps are merged, and null takes a key away', () => {
  test('a key is set, another stays, a third goes', () => {
    expect(merge({ metadata: { labels: { a: null, c: '3' } } }).merged['metadata']).toEqual({
      labels: { b: '2', c: '3' },
      finalizers: ['x'],
    })
  })
  test('deep in a container, too', () => {
    expect(main({ resources: { limits: { cpu: null, memory: '2Gi' } } })?.['resources']).toEqual({
      limits: { memory: '2Gi' },
    })
  })
  test('null where nothing is leaves nothing, also in what is new', () => {
    expect(field('affinity', { affinity: { nodeAffinity: null, podAffinity: { a: null, b: 1 } } })).toEqual({
      podAffinity: { b: 1 },
    })
    expect(field('gone', { gone: null })).toBeUndefined()
  })
  test('a map takes the place of what is none, and the other way round', () => {
    expect(field('nodeSelector', { nodeSelector: 'x' })).toBe('x')
    expect(field('tolerations', { tolerations: { a: 1 } })).toEqual({ a: 1 })
  })
})

describe('lists that Kubernetes merges for pods, each by its key', () => {
  test.each([
    [
      'containers',
      [{ name: 'main', image: 'j' }],
      [expect.objectContaining({ name: 'main', image: 'j', command: ['a', 'b'] })],
    ],
    [
      'initContainers',
      [{ name: 'outputs', image: 'j' }, { name: 'mine' }],
      [{ name: 'gate' }, { name: 'outputs', image: 'j' }, { name: 'mine' }],
    ],
    [
      'volumes',
      [{ name: 'more', emptyDir: {} }],
      [
        { name: 'data', emptyDir: {} },
        { name: 'more', emptyDir: {} },
      ],
    ],
    ['imagePullSecrets', [{ name: 'two' }], [{ name: 'one' }, { name: 'two' }]],
    ['hostAliases', [{ ip: '10.0.0.1', hostnames: ['y'] }], [{ ip: '10.0.0.1', hostnames: ['y'] }]],
    ['topologySpreadConstraints', [{ topologyKey: 'zone' }], [{ topologyKey: 'zone' }]],
    ['resourceClaims', [{ name: 'gpu' }], [{ name: 'gpu' }]],
  ])('%s', (name, patch, merged) => {
    expect(field(name, { [name]: patch })).toEqual(merged)
  })
  test.each([
    [
      'env',
      [
        { name: 'B', value: '2' },
        { name: 'A', value: '3' },
      ],
      [
        { name: 'A', value: '3' },
        { name: 'B', value: '2' },
      ],
    ],
    [
      'ports',
      [{ containerPort: 80, protocol: 'TCP' }],
      [{ containerPort: 80, name: 'web', protocol: 'TCP' }],
    ],
    [
      'volumeMounts',
      [
        { mountPath: '/data', readOnly: true },
        { mountPath: '/more', name: 'data' },
      ],
      [
        { name: 'data', mountPath: '/data', readOnly: true },
        { mountPath: '/more', name: 'data' },
      ],
    ],
  ])('%s of a container', (name, patch, merged) => {
    expect(main({ [name]: patch })?.[name]).toEqual(merged)
  })
})

describe('lists that it replaces', () => {
  test.each([
    ['tolerations', [{ key: 'c' }]],
    ['readinessGates', [{ conditionType: 'x' }]],
  ])('%s', (name, patch) => {
    expect(field(name, { [name]: patch })).toEqual(patch)
  })
  test.each([
    ['command', ['c']],
    ['envFrom', [{ secretRef: { name: 's' } }]],
  ])('%s of a container', (name, patch) => {
    expect(main({ [name]: patch })?.[name]).toEqual(patch)
  })
  test('capabilities and projected sources', () => {
    expect(main({ securityContext: { capabilities: { drop: [] } } })?.['securityContext']).toEqual({
      capabilities: { drop: [] },
    })
    expect(
      field('volumes', {
        volumes: [
          { name: 'data', emptyDir: null, projected: { sources: [{ secret: { name: 'a', items: null } }] } },
        ],
      }),
    ).toEqual([{ name: 'data', projected: { sources: [{ secret: { name: 'a' } }] } }])
  })
})

test('finalizers are added to those that are there', () => {
  expect(merge({ metadata: { finalizers: ['y', 'x'] } }).merged['metadata']).toMatchObject({
    finalizers: ['x', 'y'],
  })
})

describe('directives', () => {
  test('`$patch: delete` takes an item out of a list', () => {
    expect(field('initContainers', { initContainers: [{ name: 'gate', $patch: 'delete' }] })).toEqual([
      { name: 'outputs' },
    ])
  })
  test('of an item that is not there it does nothing', () => {
    expect(field('volumes', { volumes: [{ name: 'none', $patch: 'delete' }] })).toEqual([
      { name: 'data', emptyDir: {} },
    ])
  })
  test('`$patch: delete` empties a map', () => {
    expect(field('nodeSelector', { nodeSelector: { $patch: 'delete', a: 'b' } })).toEqual({})
  })
  test('where there is no map to empty, nothing comes of it', () => {
    expect(field('affinity', { affinity: { $patch: 'delete' } })).toBeUndefined()
    expect(field('affinity', { affinity: { podAffinity: { $patch: 'replace' } } })).toEqual({})
    expect(field('tolerations', { tolerations: { $patch: 'delete', a: 1 } })).toBeUndefined()
  })
  test('`$patch: replace` in a map leaves what stands beside it', () => {
    expect(field('nodeSelector', { nodeSelector: { $patch: 'replace', kind: 'x' } })).toEqual({ kind: 'x' })
  })
  test('`$patch: replace` in a list leaves the other items of the patch', () => {
    expect(field('volumes', { volumes: [{ $patch: 'replace' }, { name: 'only', emptyDir: {} }] })).toEqual([
      { name: 'only', emptyDir: {} },
    ])
  })
  test.each([
    [
      { spec: { '$setElementOrder/containers': [] } },
      ['spec', '$setElementOrder/containers'],
      'the order of a list is that of the pod',
    ],
    [
      { metadata: { '$deleteFromPrimitiveList/finalizers': ['x'] } },
      ['metadata', '$deleteFromPrimitiveList/finalizers'],
      'its finalizers, which are ours',
    ],
    [
      { spec: { volumes: [{ name: 'data', $retainKeys: ['name'] }] } },
      ['spec', 'volumes', 0, '$retainKeys'],
      'is a directive that is not carried out here',
    ],
    [
      { spec: { nodeSelector: { $patch: 'merge' } } },
      ['spec', 'nodeSelector', '$patch'],
      'is "merge", and may be `replace` or `delete`',
    ],
    [
      {
        spec: {
          volumes: [
            { name: 'x', emptyDir: {} },
            { name: 'x', secret: { secretName: 's' } },
          ],
        },
      },
      ['spec', 'volumes', 1],
      'is there twice with the same `name`: write it once',
    ],
    [{ spec: { volumes: [{ name: 'x', $patch: 'merge' }] } }, ['spec', 'volumes', 0, '$patch'], 'is "merge"'],
    [
      { spec: { volumes: [{ name: 'x', $patch: 'replace' }] } },
      ['spec', 'volumes', 0],
      'replaces the whole list',
    ],
    [
      { spec: { tolerations: [{ key: 'a', $patch: 1 }] } },
      ['spec', 'tolerations', 0, '$patch'],
      'is 1, and may be',
    ],
    [{ spec: { volumes: [{ emptyDir: {} }] } }, ['spec', 'volumes', 0], 'has no `name`'],
    [
      { spec: { containers: [{ name: 'main', volumeMounts: [{ name: 'x' }] }] } },
      ['spec', 'containers', 0, 'volumeMounts', 0],
      'has no `mountPath`',
    ],
    [{ spec: { volumes: [{ name: null, emptyDir: {} }] } }, ['spec', 'volumes', 0], 'has no `name`'],
    [{ spec: { volumes: ['data'] } }, ['spec', 'volumes', 0], 'must be a map with a `name`'],
    [
      JSON.parse('{"spec": {"__proto__": {"hostNetwork": true}}}') as JsonMap,
      ['spec', '__proto__'],
      'is not a field of anything',
    ],
  ])('%j is refused in words', (patch, path, words) => {
    const { faults } = merge(patch)
    expect(faults).toEqual([{ path, message: expect.stringContaining(words) as string }])
  })
})

describe('whatever the patch', () => {
  const key = fc.constantFrom(
    'spec',
    'containers',
    'volumes',
    'metadata',
    'labels',
    'name',
    'env',
    '$patch',
    '__proto__',
    'x',
  )
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom<Json>(null, 'main', 'data', 'delete', 'replace', 1, true),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.array(fc.tuple(key, tie('json')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
    ),
  }))
  const patch = json.filter(
    (one): one is JsonMap => typeof one === 'object' && one !== null && !Array.isArray(one),
  )

  test('nothing is thrown, neither side is changed, and no prototype is', () => {
    const before = JSON.stringify(base)
    fc.assert(
      fc.property(patch, (one) => {
        const written = JSON.stringify(one)
        const { merged } = merge(one)
        expect(JSON.stringify(base)).toBe(before)
        expect(JSON.stringify(one)).toBe(written)
        expect(Object.getPrototypeOf(merged)).toBe(Object.prototype)
        expect({}).not.toHaveProperty('spec')
      }),
      { numRuns: 3000 },
    )
  })

  test('what was merged holds no directive, and no null but where the base has one', () => {
    fc.assert(
      fc.property(patch, (one) => {
        const { merged, faults } = merge(one)
        const text = JSON.stringify(merged)
        expect(faults.length > 0 || !/"\$patch"|:null/.test(text)).toBe(true)
      }),
      { numRuns: 3000 },
    )
  })
})
