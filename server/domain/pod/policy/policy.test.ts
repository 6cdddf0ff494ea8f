import { describe, expect, test } from 'vitest'
import { podOfAttempt } from '../pod-of-attempt.ts'
import { attempt, deployment, facts, patched, soundPod } from '../testing.ts'
import { plainDefaults } from '../deployment.ts'
import { allowedSchema, anything, type Allowed } from './allowed.ts'
import { escalations } from './escalations/all.ts'
import { unknownFields } from './escalations/unknown-fields.ts'
import { violations } from './oracle.ts'
import { rules } from './policy.ts'

const without = (names: readonly string[]) =>
  Object.fromEntries(Object.entries(rules).filter(([name]) => !names.includes(name)))
const allowing = (more: Partial<Allowed>) => allowedSchema.parse(more)

describe('[S7] a task cannot get out of its bounds', () => {
  test.each(escalations)('$words ($by)', ({ task, words, by }) => {
    const made = podOfAttempt(facts(task))
    expect(made.faults).not.toEqual([])
    expect(
      made.faults.some((fault) => fault.startsWith(words)),
      made.faults.join('\n'),
    ).toBe(true)
    // It is these rules that refuse it, and no others: each of them has a use.
    expect(podOfAttempt(facts(task), without(by)).faults).toEqual([])
    for (const one of by)
      expect(podOfAttempt(facts(task), without(by.filter((other) => other !== one))).faults).not.toEqual([])
  })

  test('every rule is there for one of them', () => {
    expect(new Set(escalations.flatMap(({ by }) => by))).toEqual(new Set(Object.keys(rules)))
  })

  test.each(unknownFields)('%j', (spec, words) => {
    const { faults } = patched({ spec })
    expect(
      faults.some((fault) => fault.startsWith(words)),
      faults.join('\n'),
    ).toBe(true)
  })

  test('a field that nobody knows is no field, wherever it is', () => {
    for (const patch of [
      { extra: 1 },
      { metadata: { managedFields: [] } },
      { spec: { dnsConfig: { extra: 1 } } },
      { spec: { containers: [{ name: 'main', lifecycle: { stopSignal: 'SIGKILL' } }] } },
    ])
      expect(patched(patch).faults.join('\n')).toMatch(/is not a field that a task's pod may have/)
  })

  test('a container before the task has no hooks, not even without one in them', () => {
    const own = { name: 'own', image: 'busybox', lifecycle: { preStop: { $patch: 'delete' } } }
    expect(patched({ spec: { initContainers: [own] } }).faults.join('\n')).toMatch(
      /lifecycle is for a sidecar: write `restartPolicy: Always`, or leave it out/,
    )
  })

  test('all that is wrong is told at once', () => {
    const { faults } = patched({
      spec: { hostPID: true, hostIPC: true, nodeName: 'x', restartPolicy: 'Always' },
    })
    expect(faults.map((fault) => fault.split(' ')[0])).toEqual([
      'spec.nodeName',
      'spec.hostPID',
      'spec.hostIPC',
      'spec.restartPolicy',
    ])
  })
})

describe('what an admin allows a team', () => {
  const guarded = escalations.filter(({ allowed }) => allowed !== undefined)
  test.each(guarded)('$words: allowed by $allowed, and by nothing else', ({ task, allowed }) => {
    const given = facts(task)
    expect(podOfAttempt({ ...given, allowance: allowing(allowed ?? {}) }).faults).toEqual([])
    const keys = new Set(Object.keys(allowed ?? {}))
    const others: Partial<Allowed> = {
      service_accounts: ['other'],
      priority_classes: ['other'],
      runtime_classes: ['other'],
      schedulers: ['other'],
      volume_types: ['nfs', 'hostPath'],
      host_paths: ['/srv'],
      capabilities: ['CHOWN'],
      sysctls: ['kernel.other'],
      annotations: ['other/'],
      dns: true,
      host_network: true,
      host_ports: true,
      root: true,
      privileged: true,
    }
    const unrelated = Object.fromEntries(Object.entries(others).filter(([key]) => !keys.has(key)))
    expect(podOfAttempt({ ...given, allowance: allowing(unrelated) }).faults).not.toEqual([])
  })

  test('is all that can be: the rest is refused whatever is allowed', () => {
    const never = escalations.filter(({ allowed }) => allowed === undefined)
    const passing = never.filter(
      ({ task }) => podOfAttempt({ ...facts(task), allowance: anything }).pod !== null,
    )
    expect(passing).toEqual([])
    expect(never.length).toBeGreaterThan(50)
  })

  test('is a folder of the node, with what is in it, and not one whose name begins alike', () => {
    const allowance = allowing({ volume_types: ['hostPath'], host_paths: ['/srv/data'] })
    const pod = (path: string) =>
      podOfAttempt({ ...facts({ volumes: [{ name: 'x', hostPath: { path } }] }), allowance })
    for (const path of ['/srv/data', '/srv/data/', '/srv/data/a']) expect(pod(path).faults).toEqual([])
    for (const path of ['/srv', '/srv/database', '/srv/data/../x', '/', 'srv/data'])
      expect(pod(path).pod).toBeNull()
  })

  test('with root every container is root’s, alike', () => {
    const patch = {
      spec: { securityContext: { runAsNonRoot: false, runAsUser: 0, runAsGroup: 0, fsGroup: 0 } },
    }
    expect(patched(patch, { allowance: allowing({ root: true }) }).faults).toEqual([])
  })

  test('nothing is allowed by a word that is none', () => {
    expect(() => allowedSchema.parse({ everything: true })).toThrow('Unrecognized key')
  })
})

describe('what every task may', () => {
  test.each([
    {
      spec: {
        securityContext: { runAsUser: 2000, runAsGroup: 3000, fsGroup: 3000, supplementalGroups: [4000] },
      },
    },
    { spec: { containers: [{ name: 'main', resources: { limits: { cpu: null } } }] } },
    {
      spec: {
        containers: [
          { name: 'main', env: [{ name: 'NODE', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] },
        ],
      },
    },
    { spec: { containers: [{ name: 'main', imagePullPolicy: 'Always', ports: [{ containerPort: 8080 }] }] } },
    {
      spec: {
        containers: [
          {
            name: 'main',
            securityContext: { readOnlyRootFilesystem: true, capabilities: { add: ['NET_BIND_SERVICE'] } },
          },
        ],
      },
    },
    {
      spec: {
        containers: [{ name: 'main', livenessProbe: { exec: { command: ['true'] }, periodSeconds: 5 } }],
      },
    },
    { spec: { initContainers: [{ name: 'warm', image: 'busybox', command: ['true'] }] } },
    {
      spec: {
        initContainers: [
          {
            name: 'proxy',
            image: 'proxy:1',
            restartPolicy: 'Always',
            volumeMounts: [{ name: 'dagbok-out', mountPath: '/dagbok/out' }],
          },
        ],
      },
    },
    {
      spec: {
        securityContext: {
          sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }],
          seLinuxOptions: { type: 'container_t', level: 's0' },
        },
      },
    },
    {
      spec: {
        hostUsers: false,
        terminationGracePeriodSeconds: 60,
        topologySpreadConstraints: [{ topologyKey: 'zone', maxSkew: 1, whenUnsatisfiable: 'ScheduleAnyway' }],
      },
    },
    {
      spec: {
        resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }],
        containers: [{ name: 'main', resources: { claims: [{ name: 'gpu' }] } }],
      },
    },
    {
      spec: {
        volumes: [
          { name: 'model', image: { reference: 'registry.example/model:1' } },
          { name: 'tmp', emptyDir: { medium: 'Memory', sizeLimit: '1Gi' } },
        ],
      },
    },
    { metadata: { labels: { team: 'ml' }, annotations: { 'vault.hashicorp.com/agent-inject': 'true' } } },
  ])('%j', (patch) => {
    const made = patched(patch)
    expect(made.faults).toEqual([])
    expect(violations(made.pod)).toEqual([])
  })

  test('a container of its own is restricted without saying so, and comes after ours', () => {
    const pod = soundPod(facts({ patch: { spec: { initContainers: [{ name: 'warm', image: 'busybox' }] } } }))
    expect(pod.spec.initContainers?.map(({ name }) => name)).toEqual(['gate', 'outputs', 'warm'])
    expect(pod.spec.initContainers?.at(-1)?.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
  })

  test('the account and the secrets for images of the deployment are no fault of the task', () => {
    const defaults = { ...plainDefaults, serviceAccount: 'runner', imagePullSecrets: ['dagbok-registry'] }
    expect(podOfAttempt(facts({}, { deployment: deployment({ defaults }) })).faults).toEqual([])
  })

  test('the name of what collects is ours, also where there is nothing to collect', () => {
    const alone = attempt({ action: { kind: 'image' }, reports: false })
    const patch = { spec: { initContainers: [{ name: 'outputs', image: 'busybox' }] } }
    expect(patched(patch, { attempt: alone }).faults).toEqual([
      'spec.initContainers[outputs].name is a name of ours: take another',
    ])
  })

  test('a token that is a value is in none of its containers, whatever it asks for', () => {
    const given = facts({}, { attempt: attempt({ token: { kind: 'value', value: 'hunter22' } }) })
    expect(JSON.stringify(soundPod(given).spec.containers)).not.toContain('hunter22')
  })
})

describe('[S6] secrets of its team', () => {
  const given = { attempt: attempt({ secrets: ['TOKEN', 'KEY'] }) }
  const main = soundPod(facts({}, given)).spec.containers[0]
  const own = main?.env?.find(({ name }) => name === 'TOKEN')?.valueFrom?.secretKeyRef

  test('are variables of its own container, from the secret of the pod’s name', () => {
    const pod = soundPod(facts({}, given))
    expect(own).toEqual({ name: pod.metadata.name, key: 'TOKEN' })
    expect(JSON.stringify(pod.spec.initContainers)).not.toContain('TOKEN"}')
  })

  test.each([
    [
      'under another name',
      { containers: [{ name: 'main', env: [{ name: 'OTHER', valueFrom: { secretKeyRef: own } }] }] },
    ],
    [
      'in a container of the task’s',
      {
        initContainers: [
          { name: 'mine', image: 'x', env: [{ name: 'TOKEN', valueFrom: { secretKeyRef: own } }] },
        ],
      },
    ],
    ['as a file', { volumes: [{ name: 'v', secret: { secretName: own?.name } }] }],
    [
      'of another pod',
      {
        containers: [
          {
            name: 'main',
            env: [
              { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'dagbok-other-1-aa', key: 'TOKEN' } } },
            ],
          },
        ],
      },
    ],
  ] as const)('and nowhere else: %s', (_, spec) => {
    const made = patched({ spec } as never, given)
    expect(made.pod === null ? made.faults.join() : 'a pod').toContain("is a secret of Dagbok's own")
  })

  test('a patch gives none of them another value', () => {
    const env = [{ name: 'TOKEN', value: 'mine' }]
    expect(patched({ spec: { containers: [{ name: 'main', env }] } }, given).pod).toBeNull()
  })
})
