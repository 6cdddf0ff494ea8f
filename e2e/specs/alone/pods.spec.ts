/** A deployment with a cluster that is away: what the pod of a task would be is shown before it runs. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runCli } from '#cli/testing/cli.ts'
import { expect, test } from '@playwright/test'
import { startProduct, type Product } from '../../fixtures/product.ts'
import { cloneRepository } from '../../fixtures/repository.ts'
import { looksWell } from '../../fixtures/looks.ts'
import { signIn, watchForFaults, type Session } from '../../fixtures/test.ts'
import { RunPage } from '../../pages/run-page.ts'

const kubeconfig = `apiVersion: v1
kind: Config
current-context: away
clusters: [{name: away, cluster: {server: "https://127.0.0.1:9"}}]
contexts: [{name: away, context: {cluster: away, user: nobody}}]
users: [{name: nobody, user: {}}]
`
const notebook = `dagbok: 1
id: train
defaults: {executor: kubernetes}
params:
  rows: {type: integer, default: 7}
tasks:
  - id: make
    image: registry.example/make:2
    env: {API_TOKEN: hunter22, ROWS: "\${{ params.rows }}"}
    values: {image: {}}
    command: [make]
  - id: fit
    needs: [make]
    image: "\${{ tasks.make.values.image }}"
    command: [fit]
`

let product: Product
let folder: string
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-e2e-pods-'))
  await writeFile(join(folder, 'kubeconfig'), kubeconfig)
  const cluster = {
    kubeconfig: join(folder, 'kubeconfig'),
    address: 'http://127.0.0.1:1',
    agent_image: 'registry.example/agent:1',
  }
  const file = join(folder, 'clusters.yaml')
  await writeFile(file, JSON.stringify({ instance: 'e2e', clusters: { default: cluster } }))
  product = await startProduct(['--no-examples'], { DAGBOK_CLUSTERS_FILE: file })
  const copy = await cloneRepository(product.ready, 'pods')
  await copy.write('train/train.dag.yaml', notebook)
  await copy.push('First', ['run'])
  await copy.remove()
})
test.afterAll(async () => {
  await product.stop()
  await rm(folder, { recursive: true, force: true })
})

let session: Session
// The first one signs in for the others.
test.describe.configure({ mode: 'serial' })

test('the pod of a task is shown by its notebook and by its run, and says what is known only later', async ({
  page,
  context,
}) => {
  const faults = watchForFaults(page)
  await signIn(page, product.ready.signInUrl)
  session = await context.storageState()
  await page.goto(`${product.ready.url}/main/pods/train/notebook`)
  const graph = page.getByRole('complementary', { name: 'Graph' })
  await graph.getByText('Pod of make', { exact: true }).click()
  const yaml = graph.getByRole('group', { name: 'YAML of the pod' })
  await expect(yaml).toContainText('image: registry.example/make:2')
  await expect(yaml).toContainText('namespace: dagbok-main')
  await expect(yaml).not.toContainText('hunter22')

  await page.goto(`${product.ready.url}/main/pods/train/runs/1?task=fit`)
  const { panel } = new RunPage(page)
  await panel().getByText('Pod', { exact: true }).click()
  await expect(panel()).toContainText('The pod that attempt 1 would be.')
  await expect(panel().getByRole('list', { name: 'Known later' })).toHaveText(
    '‹tasks.make.values.image› is known later: make has not ended',
  )
  await expect(panel().getByRole('group', { name: 'YAML of the pod' })).toContainText(
    'image: ‹tasks.make.values.image›',
  )
  await looksWell(page, /The pod that attempt 1 would be/)
  expect(faults, 'errors in the browser').toEqual([])
})

test('the settings and the doctor say of a cluster where it is, and why it is not reached', async ({
  browser,
}) => {
  const fault = '127.0.0.1:9 does not answer (ECONNREFUSED).'
  const env = { DAGBOK_URL: product.ready.url, DAGBOK_TOKEN: product.ready.apiToken }
  await expect
    .poll(async () => (await runCli(['doctor'], { env })).stdout)
    .toMatch(
      /cluster default +127\.0\.0\.1:9 does not answer \(ECONNREFUSED\)\. \(https:\/\/127\.0\.0\.1:9\)/,
    )
  const context = await browser.newContext({ storageState: session })
  const page = await context.newPage()
  await page.goto(`${product.ready.url}/settings`)
  const deployment = page.getByRole('region', { name: 'Deployment' })
  await expect(deployment.getByRole('row', { name: /Cluster default/ })).toContainText(fault)
  await expect(deployment).toContainText('https://127.0.0.1:9')
  await context.close()
})
