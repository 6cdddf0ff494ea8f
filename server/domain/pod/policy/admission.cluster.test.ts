import { readFile } from 'node:fs/promises'
import { Agent, request } from 'node:https'
import fc from 'fast-check'
import { beforeAll, describe, expect, inject, test } from 'vitest'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { podOfAttempt } from '../pod-of-attempt.ts'
import { attempt, deployment, facts, soundPod } from '../testing.ts'
import { drawnTask } from './drawn-patch.ts'
import { violations } from './oracle.ts'

/** What is drawn is the same each time: what differs from a real cluster is looked for by another seed. */
const seed = 20261127

const namespace = 'dagbok-admission'
const inNamespace = deployment({ namespace })
const alone = attempt({ action: { kind: 'image' }, reports: false, key: null })
const kinds = { collected: attempt(), alone }
const drawn = fc.record({ task: drawnTask, kind: fc.constantFrom<keyof typeof kinds>('collected', 'alone') })

interface Answer {
  code: number
  message: string
}

/** Whether the API server would create a pod, asked with a field that it does not know for an error. */
async function asker(): Promise<(pod: unknown) => Promise<Answer>> {
  const { clusters, users } = JSON.parse(await readFile(inject('kubeconfig'), 'utf8')) as {
    clusters: { cluster: { server: string; 'certificate-authority-data': string } }[]
    users: { user: { token: string } }[]
  }
  const { server = '', 'certificate-authority-data': authority = '' } = clusters[0]?.cluster ?? {}
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca: Buffer.from(authority, 'base64') })
  const url = `${server}/api/v1/namespaces/${namespace}/pods?dryRun=All&fieldValidation=Strict`
  const headers = { authorization: `Bearer ${users[0]?.user.token}`, 'content-type': 'application/json' }
  return (pod) =>
    new Promise((resolve, reject) => {
      const asked = request(url, { agent, method: 'POST', headers }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (part: string) => (text += part))
        response.on('end', () => {
          const { message = '' } = JSON.parse(text) as { message?: string }
          resolve({ code: response.statusCode ?? 0, message })
        })
      })
      asked.on('error', reject).end(JSON.stringify(pod))
    })
}

let ask: Awaited<ReturnType<typeof asker>>
/** Controls that came after this server. */
let later: string[] = []
beforeAll(async () => {
  const labels = {
    'pod-security.kubernetes.io/enforce': 'restricted',
    'pod-security.kubernetes.io/enforce-version': 'latest',
  }
  await kubectl(['apply', '-f', '-'], {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, labels },
  })
  await kubectl(['apply', '-f', '-'], {
    apiVersion: 'scheduling.k8s.io/v1',
    kind: 'PriorityClass',
    metadata: { name: 'low' },
    value: 1,
  })
  await kubectl(['wait', '--for=create', 'serviceaccount/default', '-n', namespace, '--timeout=60s'])
  ask = await asker()
  const { serverVersion } = JSON.parse(await kubectl(['version', '-o', 'json'])) as {
    serverVersion: { minor: string }
  }
  if (Number(serverVersion.minor) < 34) later = ['Host Probes / Lifecycle Hooks']
  return async () => {
    await kubectl(['delete', 'namespace', namespace, '--wait=false'])
    await kubectl(['delete', 'priorityclass', 'low'])
  }
})

describe('[S7] a real API server that enforces *restricted*', () => {
  test('takes the pods as they are made, and knows every field of them', async () => {
    for (const kind of Object.values(kinds))
      expect(await ask(soundPod(facts({}, { attempt: kind, deployment: inNamespace })))).toEqual({
        code: 201,
        message: '',
      })
  })

  test('refuses none that the policy lets pass', async () => {
    let asked = 0
    const refused: string[] = []
    const tasks = fc.sample(drawn, { numRuns: 10_000, seed })
    await Promise.all(
      tasks.map(async ({ task, kind }) => {
        const { pod } = podOfAttempt(facts(task, { attempt: kinds[kind], deployment: inNamespace }))
        if (pod === null) return
        asked++
        const { code, message } = await ask(pod)
        // Which classes there are is the cluster's.
        if (code !== 201 && !message.includes('no PriorityClass with name'))
          refused.push(`${code} ${message}\n${JSON.stringify(task)}`)
      }),
    )
    expect(refused).toEqual([])
    expect(asked).toBeGreaterThan(300)
  })

  test('and our second reading of the standard reads it as the server does', async () => {
    let compared = 0
    const otherwise: string[] = []
    const tasks = fc.sample(drawn, { numRuns: 10_000, seed })
    await Promise.all(
      tasks.map(async ({ task, kind }) => {
        // Without any rule: the pod as the task asks for it. With users of their own the server asks less of a pod.
        const { pod } = podOfAttempt(facts(task, { attempt: kinds[kind], deployment: inNamespace }), {})
        if (pod === null || pod.spec.hostUsers === false) return
        const { code, message } = await ask(pod)
        const bySecurity = message.includes('violates PodSecurity')
        if (code !== 201 && !bySecurity) return
        compared++
        const ours = violations(pod).filter((name) => !later.includes(name))
        if (ours.length > 0 !== bySecurity)
          otherwise.push(`${ours.join(', ')} / ${message}\n${JSON.stringify(pod)}`)
      }),
    )
    expect(otherwise).toEqual([])
    expect(compared).toBeGreaterThan(500)
  })
})
