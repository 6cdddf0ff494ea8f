import { describe, expect, test } from 'vitest'
import { notebook, task, words } from './testing.ts'

/** The lines of a task begin at line 7, after its id and its executor at 9. */
const pod = (lines: string) => notebook(task(`id: a\nexecutor: kubernetes\n${lines}`))
const alone = (lines: string) => notebook(`\`\`\`yaml task\nid: a\n${lines}\n\`\`\`\n`)

const all = `image: registry.example/team/train:v2@sha256:${'a'.repeat(64)}
cluster: big
resources: {cpu: 500m, memory: 1Gi, ephemeral_storage: 2Gi, nvidia.com/gpu: 1}
env_from: [{configMapRef: {name: settings}}, {secretRef: {name: keys, optional: true}, prefix: K_}]
node_selector: {example.com/kind: gpu}
tolerations: [{key: gpu, operator: Exists, effect: NoSchedule}]
affinity: {nodeAffinity: {preferredDuringSchedulingIgnoredDuringExecution: []}}
priority_class: low
service_account: trainer
image_pull_secrets: [registry]
volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]
volume_mounts: [{name: data, mountPath: /data, readOnly: true}]
labels: {example.com/team: ml}
annotations: {example.com/note: any text at all}
pod: {spec: {securityContext: {runAsUser: 2000, runAsGroup: 2000, fsGroup: 2000}}}`

describe('what a task says of its pod', () => {
  test('every key is in its spec, as it is written', () => {
    const made = pod(all)
    expect(words(made)).toEqual([])
    expect(made.spec?.tasks[0]).toMatchObject({
      executor: 'kubernetes',
      resources: { cpu: 0.5, memory: 2 ** 30 },
      pod: {
        cluster: 'big',
        resources: { 'ephemeral-storage': '2Gi', 'nvidia.com/gpu': '1' },
        env_from: [
          { configMapRef: { name: 'settings' } },
          { secretRef: { name: 'keys', optional: true }, prefix: 'K_' },
        ],
        node_selector: { 'example.com/kind': 'gpu' },
        tolerations: [{ key: 'gpu', operator: 'Exists', effect: 'NoSchedule' }],
        affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [] } },
        priority_class: 'low',
        service_account: 'trainer',
        image_pull_secrets: ['registry'],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        volume_mounts: [{ name: 'data', mountPath: '/data', readOnly: true }],
        labels: { 'example.com/team': 'ml' },
        annotations: { 'example.com/note': 'any text at all' },
        patch: { spec: { securityContext: { runAsUser: 2000, runAsGroup: 2000, fsGroup: 2000 } } },
      },
    })
  })

  test('one that says nothing of it has no such part', () => {
    expect(pod('').spec?.tasks[0]).not.toHaveProperty('pod')
  })

  test('defaults are for all tasks that are pods, and for no others', () => {
    const made = notebook(`${task('id: a')}${task('id: b\nexecutor: process')}`, {
      front:
        'defaults: {executor: kubernetes, labels: {example.com/team: ml}, resources: {nvidia.com/gpu: 1}}\n',
    })
    expect(words(made)).toEqual([])
    expect(made.spec?.tasks.map((one) => one.pod?.labels)).toEqual([{ 'example.com/team': 'ml' }, undefined])
  })

  test('an image alone is what it does', () => {
    const made = alone('executor: kubernetes\nimage: busybox\nargs: ["--all"]')
    expect(words(made)).toEqual([])
    expect(made.spec?.tasks[0]).toMatchObject({
      action: { kind: 'image' },
      args: ['--all'],
      image: 'busybox',
    })
  })

  test('an image alone is none for another executor', () => {
    expect(words(alone('image: busybox'))).toEqual([
      "d/x.dag.md:8:8 'a' has an image alone, which only Kubernetes can run: give it a script or a command, or write `executor: kubernetes`",
    ])
  })
})

describe('[N5] what is malformed is told where it stands', () => {
  test.each([
    ['image: Team/Name:v1', "9:8 spec.containers[main].image is no reference of an image: 'Team' is no part"],
    ['image: "busybox:"', "9:8 spec.containers[main].image is no reference of an image: '' is no tag"],
    ['resources: {cpu: 2x}', '9:18 `resources.cpu` is not a {cpu, memory'],
    ['resources: {ephemeral_storage: 1 GB}', '9:32 `resources.ephemeral_storage` is not a'],
    ['resources:\n  nvidia.com/gpu: two', "10:19 'two' is no quantity"],
    ['resources:\n  nvidia.com/gpu: 500m', '10:19 `nvidia.com/gpu` is counted in whole numbers'],
    ['resources: {"-/x": 1}', "9:13 '-/x' is no name of a resource"],
    ['node_selector: {a b: c}', '9:17 spec.nodeSelector["a b"] is no key of a label'],
    ['labels:\n  team: "a team"', '10:3 metadata.labels.team is no value of a label'],
    ['labels: {team: 1}', '9:16 `labels.team` must be a text'],
    ['labels: {dagbok.dev/run: x}', '9:10 metadata.labels["dagbok.dev/run"] is ours'],
    ['labels: {app.kubernetes.io/name: x}', '9:10 metadata.labels["app.kubernetes.io/name"] is ours'],
    ['annotations: {dagbok.dev/spec-hash: x}', '9:15 metadata.annotations["dagbok.dev/spec-hash"] is ours'],
    ['annotations: {" ": x}', '9:15 metadata.annotations[" "] is no key of an annotation'],
    [
      'tolerations: [{key: a, operator: Exist}]',
      "operator` must be one of Exists, Equal (did you mean 'Exists'?)",
    ],
    ['tolerations: [{keys: a}]', "9:16 `keys` is not a key of `tolerations.0` (did you mean 'key'?)"],
    [
      'volume_mounts: [{name: data, mountPath: /data}]',
      "9:18 spec.containers[main].volumeMounts[data].name is 'data', and there is no such volume",
    ],
    ['volumes: [{name: data}]', '9:11 spec.volumes[data] has no type'],
    [
      'volumes: [{name: data, emptyDirs: {}}]',
      "9:24 spec.volumes[data].emptyDirs is not a field that a task's pod may have (did you mean 'emptyDir'?)",
    ],
    [
      'volumes: [{name: data, emptyDir: {}, secret: {secretName: s}}]',
      '9:11 spec.volumes[data] has emptyDir and secret',
    ],
    ['volumes: [{name: dagbok-x, emptyDir: {}}]', '9:12 spec.volumes[dagbok-x].name begins with dagbok-'],
    ['volumes: [{name: A_b, emptyDir: {}}]', '9:12 spec.volumes[A_b].name is no name'],
    ['image_pull_secrets: [Bad_Name]', '9:22 spec.imagePullSecrets[Bad_Name].name is no name'],
    [
      'image_pull_secrets: [dagbok-x]',
      "9:22 spec.imagePullSecrets[dagbok-x].name is a secret of Dagbok's own",
    ],
    ['env_from: [{prefix: X_}]', '9:12 spec.containers[main].envFrom[0] must have either'],
    [
      'env_from: [{secretRef: {name: dagbok-a}}]',
      "9:25 spec.containers[main].envFrom[0].secretRef.name is a secret of Dagbok's own",
    ],
    ['service_account: Not_One', '9:18 spec.serviceAccountName is no name'],
    ['priority_class: Not_One', '9:17 spec.priorityClassName is no name'],
    ['cluster: A B', '9:10 `cluster` is not a name'],
    [
      'affinity: {nodeAfinity: {}}',
      "`nodeAfinity` is not a key of `affinity` (did you mean 'nodeAffinity'?)",
    ],
    ['labels: {team: "${{ params.x }}"}', '9:16 expressions are not read here'],
    ['pod: {spec: {nodeSelector: {a: "${{ run.id }}"}}}', 'expressions are not read here'],
    ['pod: {spec: {nodeName: n1}}', '9:14 spec.nodeName may not be set: it would go past the scheduler'],
    [
      'pod: {spec: {hostNetwrok: true}}',
      "9:14 spec.hostNetwrok is not a field that a task's pod may have (did you mean 'hostNetwork'?)",
    ],
    [
      'pod:\n  spec:\n    containers:\n      - name: main\n        securityContext: {allowPrivilegeEscalation: true}',
      '13:27 spec.containers[main].securityContext.allowPrivilegeEscalation must be false',
    ],
    ['pod:\n  spec:\n    containers:\n      - image: x', '12:9 pod: spec.containers[0] has no `name`'],
    [
      'pod: {spec: {"$setElementOrder/containers": []}}',
      'pod: spec["$setElementOrder/containers"] is a directive that is not carried out here',
    ],
    ['pod: {spec: {initContainers: [{name: gate, image: x}]}}', '9:31 spec.initContainers[gate] is ours'],
    ['pod: {spec: {restartPolicy: Always}}', '9:14 spec.restartPolicy must be Never'],
    ['pod: {spec: {hostPID: "yes"}}', '9:14 spec.hostPID must be true or false'],
    ['pod: {metadata: {name: other}}', '9:18 metadata.name is ours'],
    ['pod: [1]', '9:6 `pod` must be a map'],
  ])('%s', (lines, message) => {
    const made = pod(lines)
    expect(made.spec).toBeNull()
    expect(words(made).join('\n')).toContain(message)
    expect(words(made)).toHaveLength(1)
  })

  test.each([['/dagbok'], ['/dagbok/'], ['/dagbok/out'], ['/./dagbok//in/x'], ['/']])(
    '%s is ours, and nothing may be mounted there',
    (path) => {
      const made = pod(
        `volumes: [{name: data, emptyDir: {}}]\nvolume_mounts:\n  - name: data\n    mountPath: ${path}`,
      )
      expect(words(made)).toEqual([
        `d/x.dag.md:12:5 spec.containers[main].volumeMounts[data].mountPath meets /dagbok, which is ours`,
      ])
    },
  )

  test('all faults of a task are told at once, and those of another, too', () => {
    const made = notebook(
      `${task('id: a\nexecutor: kubernetes\nlabels: {a: "b c"}\npod: {spec: {nodeName: x, priority: 1}}')}${task('id: b\nexecutor: kubernetes\npod: {spec: {hostIPC: true}}')}`,
    )
    expect(words(made).map((line) => line.replace(/ is .*| may .*| would .*/, ''))).toEqual([
      'd/x.dag.md:9:10 metadata.labels.a',
      'd/x.dag.md:10:14 spec.nodeName',
      'd/x.dag.md:10:27 spec.priority',
      'd/x.dag.md:18:14 spec.hostIPC',
    ])
  })
})

describe('what only an admin can allow is not refused here, since each team has its own', () => {
  test.each([
    'pod: {spec: {hostNetwork: true}}',
    'service_account: admin',
    'priority_class: system-node-critical',
    'volumes: [{name: x, hostPath: {path: /data}}]',
    'pod: {spec: {runtimeClassName: gvisor}}',
    'annotations: {k8s.v1.cni.cncf.io/networks: other}',
  ])('%s', (lines) => {
    expect(words(pod(lines))).toEqual([])
  })
})

describe('keys of pods where there is none', () => {
  test('a task of another executor may not have them', () => {
    expect(
      words(notebook(task('id: a\nexecutor: pool\nlabels: {a: b}\nresources: {nvidia.com/gpu: 1}'))),
    ).toEqual([
      'd/x.dag.md:9:1 `labels` is of a pod: write `executor: kubernetes`, too',
      'd/x.dag.md:10:13 `resources.nvidia.com/gpu` is of a pod: write `executor: kubernetes`, too',
    ])
  })

  test('nor one that leaves the executor to the deployment, not even by the defaults', () => {
    const made = notebook(task('id: a'), { front: 'defaults: {cluster: big}\n' })
    expect(words(made)).toEqual(['d/x.dag.md:4:21 `cluster` is of a pod: write `executor: kubernetes`, too'])
  })

  test('nor one that only waits', () => {
    const made = alone('executor: kubernetes\nwait: 1m\nvolumes: []')
    expect(words(made)).toEqual(['d/x.dag.md:10:1 `volumes` is of a pod: this task only waits, and has none'])
  })
})
