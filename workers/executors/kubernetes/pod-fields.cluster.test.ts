/** What a task says of its pod, in one that runs: as its node has it, and as its code sees it. */
import { randomBytes } from 'node:crypto'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { nodeName } from '#k8s/test-cluster/settings.ts'
import { apply, kubectl, read } from '#k8s/test-cluster/testing/kubectl.ts'
import { kubernetesCrew, podBarrier, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { openOddRegistry, type OddRegistry } from './testing/odd-registry.ts'

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
let odd: OddRegistry
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
/** Of what is the whole cluster's. */
const name = `dagbok-${randomBytes(4).toString('hex')}`
const taint = 'acme.example/only'

/** What a person has made in the namespace of his team. */
async function furnish(namespace: string): Promise<void> {
  const made = (kind: string, called: string, more: object) =>
    apply({ apiVersion: 'v1', kind, metadata: { name: called, namespace }, ...more })
  await made('ConfigMap', 'plain', { data: { COLOUR: 'green' } })
  await made('Secret', 'keys', { stringData: { KEY: 'of gold' } })
  await made('ServiceAccount', 'trainer', {})
  const config = JSON.stringify({ auths: { [odd.address]: odd.login } })
  const type = 'kubernetes.io/dockerconfigjson'
  await made('Secret', 'pull', { type, stringData: { '.dockerconfigjson': config } })
  const metadata = { name }
  await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: 1000 })
  await kubectl(['taint', 'node', nodeName(2), `${taint}=fields:NoSchedule`])
}

beforeAll(async () => {
  odd = await openOddRegistry(inject('machine'), inject('registry'))
  const teams = { main: { service_accounts: ['trainer'] } }
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place, { teams })))
  await furnish(crew.namespace)
})
afterAll(async () => {
  await kubectl(['taint', 'node', nodeName(2), `${taint}-`])
  await kubectl(['delete', 'priorityclass', name, '--ignore-not-found'])
  await shop.close()
  await odd.close()
})
afterEach(() => crew.nothingLeft())

const onSecond = { key: 'kubernetes.io/hostname', operator: 'In', values: [nodeName(2)] }
const terms = { nodeSelectorTerms: [{ matchExpressions: [onSecond] }] }
const affinity = { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } }
const toleration = { key: taint, operator: 'Equal', value: 'fields', effect: 'NoSchedule' }
const labels = { 'acme.example/kind': 'probe' }
const annotations = { 'acme.example/note': 'by a person' }

/** YAML, as JSON is. */
const yaml = (fields: object) =>
  Object.entries(fields)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join('\n')

test('a pod has what its task says of it, and its code the variables', async () => {
  const { wait, open } = await podBarrier()
  const fields = {
    id: 'a',
    image: `${odd.address}/locked/workshop:1`,
    env_from: [{ configMapRef: { name: 'plain' } }, { prefix: 'MY_', secretRef: { name: 'keys' } }],
    tolerations: [toleration],
    affinity,
    priority_class: name,
    service_account: 'trainer',
    image_pull_secrets: ['pull'],
    labels,
    annotations,
  }
  const tokens = '[ -e /var/run/secrets/kubernetes.io ] || echo "no token"'
  await trial.push('fields', [
    cell(yaml(fields), 'bash', `echo "$COLOUR, $MY_KEY"; ${tokens}; ${wait}; echo over`),
  ])
  await trial.spoken('fields')
  const [pod = ''] = await crew.podsLeft()
  expect(await read('pod', pod, crew.namespace)).toMatchObject({
    metadata: { labels, annotations },
    spec: {
      nodeName: nodeName(2),
      affinity,
      tolerations: expect.arrayContaining([toleration]) as unknown,
      priorityClassName: name,
      priority: 1000,
      serviceAccountName: 'trainer',
      automountServiceAccountToken: false,
      imagePullSecrets: [{ name: 'pull' }],
    },
    status: { phase: 'Running' },
  })
  await open()
  const { id, state } = await shop.ended('fields', 1)
  expect([state, await shop.log(id, 'a')]).toEqual(['succeeded', 'green, of gold\nno token\nover\n'])
})

test('without the toleration no node takes it, without the secret no registry gives its image, and another’s account is refused', async () => {
  const bounds = { start_timeout: '30s', infrastructure_retries: 0, retries: 0 }
  const image = `${odd.address}/locked/busybox:1`
  const { id } = await trial.run('without', [
    cell(yaml({ id: 'taint', ...bounds, affinity }), 'bash', 'true'),
    cell(yaml({ id: 'image', ...bounds, image }), 'bash', 'true'),
    cell(yaml({ id: 'account', ...bounds, service_account: 'admin' }), 'bash', 'true'),
  ])
  const rows = Object.fromEntries((await trial.attempts(id)).map((row) => [row.task, row]))
  expect(rows).toMatchObject({
    taint: { state: 'lost', reason: 'unschedulable', started: false },
    image: { state: 'lost', reason: 'image_pull' },
    account: { state: 'failed', reason: 'bad_config', started: false },
  })
  expect(rows['taint']?.message).toContain('untolerated taint')
  expect(rows['image']?.message).toContain('The registry wants to know who asks: give `image_pull_secrets`.')
  expect(rows['account']?.message).toContain("is admin, which is not the deployment's")
})
