/** Against what is ours in a pod. */
import { spec, main, container, metadata, first, type Escalation } from './escalation.ts'

export const againstOurs: readonly Escalation[] = [
  {
    task: metadata({ namespace: 'kube-system' }),
    by: ['name'],
    words: 'metadata.namespace is ours, and must stay team-ml',
  },
  { task: metadata({ name: 'other' }), by: ['name'], words: 'metadata.name is ours' },
  { task: metadata({ finalizers: null }), by: ['finalizers'], words: 'metadata.finalizers are ours' },
  {
    task: metadata({ finalizers: ['dagbok.dev/recorded', 'other.example/x'] }),
    by: ['finalizers'],
    words: 'metadata.finalizers are ours',
  },
  {
    task: metadata({ labels: { 'dagbok.dev/run': null } }),
    by: ['marks'],
    words: 'metadata.labels["dagbok.dev/run"] is ours',
  },
  {
    task: metadata({ labels: { 'dagbok.dev/more': 'x' } }),
    by: ['marks'],
    words: 'metadata.labels["dagbok.dev/more"] is ours',
  },
  {
    task: { labels: { 'app.kubernetes.io/instance': 'other' } },
    by: ['marks'],
    words: 'metadata.labels["app.kubernetes.io/instance"] is ours',
  },
  {
    task: { annotations: { 'dagbok.dev/attempt-id': 'other' } },
    by: ['marks'],
    words: 'metadata.annotations["dagbok.dev/attempt-id"] is ours',
  },
  {
    task: spec({ initContainers: [{ name: 'gate', $patch: 'delete' }] }),
    by: ['agents'],
    words: "spec.initContainers lack 'gate'",
  },
  {
    task: spec({ initContainers: [{ name: 'gate', image: 'busybox' }] }),
    by: ['agents'],
    words: 'spec.initContainers[gate] is ours',
  },
  {
    task: spec({
      initContainers: [{ name: 'gate', env: [{ name: 'DAGBOK_ADDRESS', value: 'https://other' }] }],
    }),
    by: ['agents'],
    words: 'spec.initContainers[gate] is ours',
  },
  {
    task: spec({ initContainers: [{ name: 'outputs', restartPolicy: null }] }),
    by: ['agents'],
    words: 'spec.initContainers[outputs] is ours',
  },
  {
    task: spec({ initContainers: [{ name: 'outputs', $patch: 'delete' }] }),
    by: ['agents'],
    words: "spec.initContainers lack 'outputs'",
  },
  {
    task: {
      volumes: [
        { name: 'x', emptyDir: {} },
        { name: 'x', secret: { secretName: 's' } },
      ],
    },
    by: ['uniqueNames'],
    words: 'spec.volumes[x].name is also that of another volume',
  },
  {
    task: container({ name: 'main' }),
    by: ['uniqueNames', 'mounts'],
    words: 'spec.containers[main].name is also that of another container',
  },
  {
    task: spec({
      containers: [
        {
          name: 'side',
          image: 'busybox',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    }),
    by: ['main'],
    words: 'spec.containers[side] would keep the pod',
  },
  {
    task: spec({ containers: [{ name: 'main', $patch: 'delete' }] }),
    by: ['main'],
    words: "spec.containers lack 'main'",
  },
  { task: main({ image: 'other' }), by: ['main'], words: `${first}.image is that of the task` },
  { task: main({ command: ['sh'] }), by: ['main'], words: `${first}.command is that of the task` },
  { task: main({ args: ['x'] }), by: ['main'], words: `${first}.args are those of the task` },
  { task: main({ workingDir: '/' }), by: ['main'], words: `${first}.workingDir is the folder` },
  {
    task: main({ restartPolicy: 'Always' }),
    by: ['main'],
    words: `${first}.restartPolicy would start its code again`,
  },
  {
    task: main({ env: [{ name: 'DAGBOK_OUT', value: '/elsewhere' }] }),
    by: ['main'],
    words: `${first}.env have DAGBOK_OUT changed`,
  },
  {
    task: main({ env: [{ name: 'DAGBOK_NEW', value: 'x' }] }),
    by: ['main'],
    words: `${first}.env have DAGBOK_NEW changed`,
  },
  {
    task: main({ env: [{ name: 'HOME', $patch: 'delete' }] }),
    by: ['main'],
    words: `${first}.env have HOME changed`,
  },
  {
    task: container({ restartPolicy: 'OnFailure' }),
    by: ['ownInit'],
    words: "spec.initContainers[own].restartPolicy is 'OnFailure'",
  },
  { task: container({ image: null }), by: ['ownInit'], words: 'spec.initContainers[own].image is missing' },
  {
    task: main({ volumeMounts: [{ mountPath: '/dagbok/out', name: 'dagbok-home' }] }),
    by: ['mounts'],
    words: `${first}.volumeMounts`,
  },
  {
    task: main({ volumeMounts: [{ mountPath: '/dagbok/tmp', $patch: 'delete' }] }),
    by: ['mounts'],
    words: `${first}.volumeMounts lack /dagbok/tmp`,
  },
  {
    task: {
      volumes: [{ name: 'x', emptyDir: {} }],
      volume_mounts: [{ name: 'x', mountPath: '/dagbok/out/../in' }],
    },
    by: ['mounts'],
    words: `${first}.volumeMounts[x].mountPath must be an absolute path`,
  },
  {
    task: {
      volumes: [{ name: 'x', emptyDir: {} }],
      volume_mounts: [{ name: 'x', mountPath: '/a', mountPropagation: 'Bidirectional' }],
    },
    by: ['mounts'],
    words: `${first}.volumeMounts[x].mountPropagation must`,
  },
  {
    task: { volume_mounts: [{ name: 'dagbok-checkout', mountPath: '/elsewhere' }] },
    by: ['mounts'],
    words: `${first}.volumeMounts[dagbok-checkout].name is a volume of ours`,
  },
  {
    task: spec({ volumes: [{ name: 'dagbok-out', emptyDir: { medium: 'Memory' } }] }),
    by: ['volumes'],
    words: "spec.volumes lack 'dagbok-out' as it was",
  },
  {
    task: spec({ volumes: [{ name: 'dagbok-more', emptyDir: {} }] }),
    by: ['volumes'],
    words: 'spec.volumes[dagbok-more].name begins with dagbok-',
  },
]
