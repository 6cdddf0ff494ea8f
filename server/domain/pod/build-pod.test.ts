import { describe, expect, test } from 'vitest'
import { isCollected } from './build-pod.ts'
import type { Json } from '../json.ts'
import { mergePatch } from './merge.ts'
import { plainDefaults } from './deployment.ts'
import type { Container, Pod } from './manifest.ts'
import { podYaml } from './pod-yaml.ts'
import { plainTaskPod } from './task-pod.ts'
import { attempt, deployment, facts, soundPod } from './testing.ts'

const container = (pod: Pod, name: string): Container => {
  const found = [...(pod.spec.initContainers ?? []), ...pod.spec.containers].find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no container '${name}'`)
  return found
}
const names = (pod: Pod) => ({
  init: (pod.spec.initContainers ?? []).map(({ name }) => name),
  main: pod.spec.containers.map(({ name }) => name),
})
const variables = (one: Container) =>
  Object.fromEntries((one.env ?? []).map(({ name, value }) => [name, value]))
const mounts = (one: Container) => (one.volumeMounts ?? []).map(({ mountPath }) => mountPath)

const script = attempt({
  action: { kind: 'script', argv: ['python3', '-u', './.dagbok-train.py'] },
  args: ['--in', '$(DAGBOK_IN_TABLE)', '$$(x) $$'],
  env: { DAGBOK_PARAM_TEXT: 'costs $(HOME) and $$', DAGBOK_TASK: 'train' },
  inputs: {
    table: { kind: 'file', path: 'out/clean.csv' },
    'all-models': { kind: 'folder' },
    config: { kind: 'repository_file', path: 'iris/config.json' },
    rows: { kind: 'json' },
    gone: { kind: 'missing' },
  },
  resources: { cpu: 0.1, memory: 2 ** 30 },
})
const alone = attempt({ action: { kind: 'image' }, reports: false, key: null })

describe('the pod of a task', () => {
  test('a script with inputs and all keys', async () => {
    const pod = soundPod(
      facts(
        {
          resources: { 'nvidia.com/gpu': '1' },
          env_from: [{ secretRef: { name: 'keys' } }],
          node_selector: { 'example.com/kind': 'gpu' },
          tolerations: [{ key: 'gpu', operator: 'Exists' }],
          affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
          priority_class: 'low',
          image_pull_secrets: ['registry'],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
          volume_mounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
          labels: { 'example.com/team': 'ml' },
          annotations: { 'example.com/note': 'yes' },
        },
        { attempt: script },
      ),
    )
    await expect(podYaml(pod)).toMatchFileSnapshot('manifests/script.yaml')
  })

  test('an image alone', async () => {
    await expect(podYaml(soundPod(facts({}, { attempt: alone })))).toMatchFileSnapshot('manifests/image.yaml')
  })
})

describe('main is the image of the task, and is never wrapped', () => {
  test('an image alone keeps its own program, arguments and folder', () => {
    const main = container(soundPod(facts({}, { attempt: alone })), 'main')
    expect(main.image).toBe('registry.example/fit:v2')
    for (const field of ['command', 'args', 'workingDir']) expect(main).not.toHaveProperty(field)
  })

  test('arguments are given to its own program', () => {
    const main = container(soundPod(facts({}, { attempt: { ...alone, args: ['--all'] } })), 'main')
    expect(main).toMatchObject({ args: ['--all'] })
    expect(main).not.toHaveProperty('command')
  })

  test('a command is what runs, in the folder of its notebook', () => {
    const main = container(soundPod(facts()), 'main')
    expect(main.command).toEqual(['fit', '--all'])
    expect(main.workingDir).toBe('/dagbok/checkout/iris')
  })

  test('a script is run by its interpreter; only its arguments are expanded', () => {
    const main = container(soundPod(facts({}, { attempt: { ...script, folder: '', inputs: {} } })), 'main')
    expect(main.command).toEqual(['python3', '-u', './.dagbok-train.py'])
    expect(main.args).toEqual(['--in', '$(DAGBOK_IN_TABLE)', '$$(x) $$$$'])
    expect(main.workingDir).toBe('/dagbok/checkout')
  })
})

describe('[N1] the environment', () => {
  test('has a path for every input, and the files and folders of the contract', () => {
    expect(variables(container(soundPod(facts({}, { attempt: script })), 'main'))).toMatchObject({
      DAGBOK_IN_TABLE: '/dagbok/in/table/clean.csv',
      DAGBOK_IN_ALL_MODELS: '/dagbok/in/all-models',
      DAGBOK_IN_CONFIG: '/dagbok/checkout/iris/config.json',
      DAGBOK_IN_ROWS: '/dagbok/in/rows/rows.json',
      DAGBOK_IN_GONE: '/dagbok/in/gone/missing',
      DAGBOK_OUT: '/dagbok/out',
      DAGBOK_VALUES: '/dagbok/report/values',
      DAGBOK_METRICS: '/dagbok/report/metrics',
      HOME: '/dagbok/home',
      TMPDIR: '/dagbok/tmp',
      DAGBOK_ATTEMPT_ID: script.attemptId,
    })
  })

  test('a value is never expanded by Kubernetes', () => {
    expect(variables(container(soundPod(facts({}, { attempt: script })), 'main'))['DAGBOK_PARAM_TEXT']).toBe(
      'costs $$(HOME) and $$$$',
    )
  })

  test('no variable of a service that happens to be there is in it', () => {
    expect(soundPod(facts()).spec.enableServiceLinks).toBe(false)
  })

  test('what the task calls as ours is ours', () => {
    const main = container(soundPod(facts({}, { attempt: attempt({ env: { HOME: '/root' } }) })), 'main')
    expect(variables(main)['HOME']).toBe('/dagbok/home')
  })
})

describe('gate and sidecar', () => {
  test('with a script, a command, or anything declared, the gate brings and a native sidecar collects', () => {
    const pod = soundPod(facts({}, { attempt: script }))
    expect(names(pod)).toEqual({ init: ['gate', 'outputs'], main: ['main'] })
    expect(container(pod, 'outputs').restartPolicy).toBe('Always')
    expect(container(pod, 'gate')).not.toHaveProperty('restartPolicy')
    expect(mounts(container(pod, 'gate'))).toEqual([
      '/dagbok/checkout',
      '/dagbok/in',
      '/dagbok/out',
      '/dagbok/report',
    ])
    expect(mounts(container(pod, 'outputs'))).toEqual(['/dagbok/out', '/dagbok/report'])
    expect(pod.spec.terminationGracePeriodSeconds).toBe(3600)
  })

  test('an image alone that declares nothing has the gate alone, and nothing to wait for', () => {
    const pod = soundPod(facts({}, { attempt: alone }))
    expect(names(pod)).toEqual({ init: ['gate'], main: ['main'] })
    expect(container(pod, 'gate')).not.toHaveProperty('volumeMounts')
    expect(pod.spec.terminationGracePeriodSeconds).toBe(30)
  })

  test.each([
    [{ action: { kind: 'image' }, reports: true, inputs: {} }, true],
    [{ action: { kind: 'image' }, reports: false, inputs: { x: { kind: 'json' } } }, true],
    [{ action: { kind: 'image' }, reports: false, inputs: {} }, false],
    [{ action: { kind: 'command', command: ['x'] }, reports: false, inputs: {} }, true],
    [{ action: { kind: 'script', argv: ['sh', './x'] }, reports: false, inputs: {} }, true],
  ] as const)('%o: collected %s', (what, collected) => {
    expect(isCollected(attempt(what))).toBe(collected)
  })

  test('[R1] the gate knows the id of its pod, whatever name the pod has', () => {
    expect(container(soundPod(facts()), 'gate').env).toContainEqual({
      name: 'DAGBOK_POD_UID',
      valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } },
    })
  })

  test('[S6] the token is in no container but ours, and by reference where it is a secret', () => {
    const pod = soundPod(facts({}, { attempt: script }))
    const reference = {
      name: 'DAGBOK_TOKEN',
      valueFrom: { secretKeyRef: { name: 'dagbok-token-a', key: 'token' } },
    }
    expect(container(pod, 'gate').env).toContainEqual(reference)
    expect(container(pod, 'outputs').env).toContainEqual(reference)
    expect(JSON.stringify(container(pod, 'main'))).not.toMatch(/token/i)
  })
})

describe('[S7] it is restricted', () => {
  test('by default everything is of user, group and files 1000, and no token of the cluster is in it', () => {
    const { spec } = soundPod(facts())
    expect(spec.securityContext).toEqual({
      runAsNonRoot: true,
      runAsUser: 1000,
      runAsGroup: 1000,
      fsGroup: 1000,
      seccompProfile: { type: 'RuntimeDefault' },
    })
    expect(spec.automountServiceAccountToken).toBe(false)
    for (const one of [...(spec.initContainers ?? []), ...spec.containers])
      expect(one.securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        capabilities: { drop: ['ALL'] },
      })
  })

  test('a deployment may have another id', () => {
    const made = soundPod(
      facts({}, { deployment: deployment({ defaults: { ...plainDefaults, userId: 65_532 } }) }),
    )
    expect(made.spec.securityContext).toMatchObject({
      runAsUser: 65_532,
      runAsGroup: 65_532,
      fsGroup: 65_532,
    })
  })

  test('HOME, TMPDIR and DAGBOK_OUT are folders of the pod', () => {
    const { volumes = [] } = soundPod(facts()).spec
    for (const name of ['dagbok-home', 'dagbok-tmp', 'dagbok-out'])
      expect(volumes).toContainEqual({ name, emptyDir: {} })
  })
})

describe('what it asks for', () => {
  test.each([
    [
      { cpu: 0.1, memory: 2 ** 30 },
      { cpu: '100m', memory: '1073741824' },
    ],
    [
      { cpu: 2, memory: null },
      { cpu: '2', memory: '536870912' },
    ],
    [
      { cpu: 0.0015, memory: 1 },
      { cpu: '2m', memory: '1' },
    ],
    [
      { cpu: 1.1, memory: 1 },
      { cpu: '1100m', memory: '1' },
    ],
    [
      { cpu: null, memory: null },
      { cpu: '1', memory: '536870912' },
    ],
  ])('%o is asked for, and is the bound, as %o', (resources, amounts) => {
    const main = container(soundPod(facts({}, { attempt: attempt({ resources }) })), 'main')
    expect(main.resources).toEqual({ requests: amounts, limits: amounts })
  })

  test('other resources are asked for beside', () => {
    const main = container(soundPod(facts({ resources: { 'nvidia.com/gpu': '2' } })), 'main')
    expect(main.resources?.limits).toMatchObject({ 'nvidia.com/gpu': '2', cpu: '1' })
    expect(main.resources?.requests).toMatchObject({ 'nvidia.com/gpu': '2' })
  })
})

describe('what a deployment decides', () => {
  test('the image of tasks that name none; without one that is told', () => {
    const without = facts({}, { attempt: attempt({ image: null }) })
    expect(() => soundPod(without)).toThrow('there is no image: write `image` in the task')
    const defaults = { ...plainDefaults, image: 'busybox' }
    expect(container(soundPod({ ...without, deployment: deployment({ defaults }) }), 'main').image).toBe(
      'busybox',
    )
  })

  test('its account and its secrets for images; those of the task are added', () => {
    const defaults = { ...plainDefaults, serviceAccount: 'runner', imagePullSecrets: ['a', 'b'] }
    const { spec } = soundPod(
      facts({ image_pull_secrets: ['b', 'c'] }, { deployment: deployment({ defaults }) }),
    )
    expect(spec.serviceAccountName).toBe('runner')
    expect(spec.imagePullSecrets).toEqual([{ name: 'a' }, { name: 'b' }, { name: 'c' }])
  })

  test('without one, the account is the namespace’s own', () => {
    expect(soundPod(facts()).spec).not.toHaveProperty('serviceAccountName')
  })
})

test('it can be found again: the finalizer, and a hash of what was asked for', () => {
  const pod = soundPod(facts())
  const hash = pod.metadata.annotations['dagbok.dev/spec-hash']
  expect(pod.metadata.finalizers).toEqual(['dagbok.dev/recorded'])
  expect(hash).toMatch(/^[0-9a-f]{64}$/)
  expect(soundPod(facts()).metadata.annotations['dagbok.dev/spec-hash']).toBe(hash)
  expect(soundPod(facts({ labels: { a: 'b' } })).metadata.annotations['dagbok.dev/spec-hash']).not.toBe(hash)
})

test('a token that is made anew does not make another pod of it', () => {
  const [a, b] = ['one', 'two'].map((value) =>
    soundPod(facts({}, { attempt: attempt({ token: { kind: 'value', value } }) })),
  )
  expect(a?.metadata.annotations).toEqual(b?.metadata.annotations)
})

test('a task that says nothing of its pod has the plain one', () => {
  expect(soundPod(facts({}, { task: null }))).toEqual(soundPod(facts({}, { task: plainTaskPod })))
})

test('a pod that no cluster stores is told, with its size', () => {
  const large = attempt({ env: { DAGBOK_PARAM_X: 'x'.repeat(1_000_000) } })
  expect(() => soundPod(facts({}, { attempt: large }))).toThrow(
    /the pod has 100\d{4} bytes, more than the 1000000/,
  )
})

test('patched with itself, or with nothing, it is the same', () => {
  const pod = soundPod(facts()) as unknown as { [key: string]: Json }
  expect(mergePatch(pod, pod)).toEqual({ merged: pod, faults: [] })
  expect(mergePatch(pod, {})).toEqual({ merged: pod, faults: [] })
})
