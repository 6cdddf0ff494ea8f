import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { expect, inject, onTestFinished, test } from 'vitest'
import { restartDaemon, stopDaemon } from './daemons.ts'
import { clusterState } from './state.ts'
import { apply, kubectl, read } from './testing/kubectl.ts'
import { until } from './until.ts'
import { up } from './up.ts'

interface Pod {
  status: {
    phase: string
    podIP?: string
    containerStatuses?: { imageID: string; state: { waiting?: { reason: string } } }[]
  }
}

/** A pod that runs a command once; it is removed after the test. */
async function pod(image: string, command: string[], more: object = {}): Promise<string> {
  const name = `t-${randomUUID().slice(0, 8)}`
  const container = { name: 'main', image: `${inject('registry')}/${image}`, command, ...more }
  await apply({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 0, containers: [container] },
  })
  onTestFinished(
    async () => void (await kubectl(['delete', 'pod', name, '--wait=false', '--ignore-not-found'])),
  )
  return name
}

const phase = (name: string, ...phases: string[]) =>
  until(
    `${name} is ${phases.join(' or ')}`,
    async () => {
      const now = await read<Pod>('pod', name)
      return phases.includes(now.status.phase) ? now : null
    },
    120_000,
  )

/** What a pod printed, once it is over. */
async function printed(image: string, command: string[], more: object = {}): Promise<string> {
  const name = await pod(image, command, more)
  const { status } = await phase(name, 'Succeeded', 'Failed')
  return `${status.phase}: ${await kubectl(['logs', name])}`
}

test.for([
  ['busybox:1', ['sh', '-c', 'echo $((6 * 7))']],
  ['python:1', ['python3', '-c', 'import json, ssl, sqlite3; print(json.dumps(6 * 7))']],
  ['node:1', ['node', '-e', 'console.log(6 * 7)']],
] as const)('a pod of the image %s runs', async ([image, command]) => {
  expect(await printed(image, [...command])).toBe('Succeeded: 42')
})

test('an image is pulled from the registry, and known by its digest', async () => {
  const name = await pod('busybox:1', ['true'], { imagePullPolicy: 'Always' })
  const { status } = await phase(name, 'Succeeded')
  expect(status.containerStatuses?.[0]?.imageID).toMatch(/\/busybox@sha256:[0-9a-f]{64}$/)
})

test('an image that is not there cannot be pulled', async () => {
  const name = await pod('no-such-image:1', ['true'])
  const reason = await until('the pull fails', async () => {
    const { status } = await read<Pod>('pod', name)
    const waiting = status.containerStatuses?.[0]?.state.waiting?.reason
    return waiting?.startsWith('ErrImage') === true ? waiting : null
  })
  expect(reason).toBe('ErrImagePull')
})

test('a pod reaches this machine, and nothing outside it', async () => {
  const server = createServer((_request, response) => response.end('hello from the machine'))
  server.listen(0, inject('machine'))
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const here = `http://${inject('machine')}:${port}/`
  expect(await printed('busybox:1', ['wget', '-qO-', here])).toBe('Succeeded: hello from the machine')
  const refused = (host: string) =>
    `require('net').connect({ host: '${host}', port: 80 }).on('error', (error) => console.log(error.code))`
  // Addresses that are nobody's (RFC 5737).
  for (const host of ['198.51.100.1', '192.0.2.1'])
    expect(await printed('node:1', ['node', '-e', refused(host)])).toBe('Succeeded: ENETUNREACH')
})

test('this machine reaches a pod', async () => {
  const serve = "require('http').createServer((q, s) => s.end('hello from the pod')).listen(8080)"
  const name = await pod('node:1', ['node', '-e', serve])
  const { status } = await phase(name, 'Running')
  const said = await until('the pod answers', () =>
    fetch(`http://${status.podIP}:8080/`).then(
      (response) => response.text(),
      () => null,
    ),
  )
  expect(said).toBe('hello from the pod')
})

test('a namespace that enforces the restricted standard takes a restricted pod, and no privileged one', async () => {
  const namespace = `restricted-${randomUUID().slice(0, 8)}`
  const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
  await apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace, labels } })
  onTestFinished(async () => void (await kubectl(['delete', 'namespace', namespace, '--wait=false'])))
  const container = { name: 'main', image: `${inject('registry')}/busybox:1`, command: ['id', '-u'] }
  const manifest = (name: string, securityContext: object) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace },
    spec: { restartPolicy: 'Never', containers: [{ ...container, securityContext }] },
  })
  const privileged = apply(manifest('privileged', { privileged: true }))
  await expect(privileged).rejects.toThrow(/violates PodSecurity "restricted:latest": privileged/)
  const restricted = {
    runAsNonRoot: true,
    runAsUser: 1000,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  }
  await until('there is a service account', () =>
    apply(manifest('restricted', restricted)).then(
      () => true,
      () => null,
    ),
  )
  await until('the pod is over', async () =>
    (await read<Pod>('pod', 'restricted', namespace)).status.phase === 'Succeeded' ? true : null,
  )
  expect(await kubectl(['logs', 'restricted', '-n', namespace])).toBe('1000')
})

test('the API server is killed, and is there again', async () => {
  await stopDaemon('kube-apiserver')
  await expect(kubectl(['get', 'nodes'])).rejects.toThrow(/refused/)
  await restartDaemon('kube-apiserver')
  await until('the API server answers', () => kubectl(['get', '--raw', '/readyz']).catch(() => null))
  expect(await printed('busybox:1', ['echo', 'on'])).toBe('Succeeded: on')
})

test('a cluster that is up is left as it is by the next one who wants it', async () => {
  const before = await clusterState()
  const said: string[] = []
  expect(await up(before ?? { minor: '1.35', nodes: 1 }, (text) => said.push(text))).toEqual(before)
  expect(said).toEqual([])
})
