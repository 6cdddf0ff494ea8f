/** The whole product with its outputs and logs in a bucket, as a user sees it: while the bucket is well, hangs, and is away. */
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { S3Proxy } from '#server/testing/s3-proxy.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { cloneRepository } from '../fixtures/repository.ts'
import { Closers } from './closers.ts'
import { MortalProduct } from './product.ts'
import { until } from './until.ts'

const reason = await whyNoS3()
/** ms that a call of the store is tried for: by a page a sixth of it. */
const storeMs = 12_000
const prefix = 'product'

const notebook = `---
dagbok: 1
id: makes
---

\`\`\`yaml task
id: make
infrastructure_retries: 0
outputs: {made: made.txt}
\`\`\`
\`\`\`bash script
echo "it is made"
echo "made" > "$DAGBOK_OUT/made.txt"
\`\`\`
`

const closers = new Closers()
let product: MortalProduct
let server: S3Server
let proxy: S3Proxy
let env: Record<string, string> = {}
beforeAll(async () => {
  if (reason !== null) return
  server = await S3Server.open()
  closers.add(() => server.close())
  proxy = await S3Proxy.lay(server.port)
  closers.add(() => proxy.close())
  env = {
    ...server.env(prefix, proxy.port),
    DAGBOK_TEST_STORE_MS: String(storeMs),
    DAGBOK_TEST_STORE_SLOWEST: '20000',
  }
  product = await MortalProduct.make()
  closers.add(() => product.remove())
  const copy = await cloneRepository(await product.start([], env), 'bucket')
  closers.add(() => copy.remove())
  await copy.write('makes.dag.md', notebook)
  await copy.push('A DAG')
})
afterEach(() => {
  if (reason === null) proxy.mishap = () => null
})
afterAll(() => closers.close())
beforeEach(({ skip, onTestFailed }) => {
  skip(reason !== null, reason ?? '')
  onTestFailed(() => console.error(product.said.slice(-5000)))
})

interface Run {
  id: string
  state: string
  taskRuns: { attempts: { state: string; reason: string | null; message: string | null }[] }[]
}

async function runOf(): Promise<Run> {
  const { id } = await product.api<{ id: string }>('/dags/main/bucket/makes/runs', { params: {} })
  return until('the run has ended', async () => {
    const seen = await product.api<Run>(`/runs/${id}`)
    return ['succeeded', 'failed'].includes(seen.state) ? seen : null
  })
}

async function ask(path: string): Promise<{ status: number; text: string; ms: number }> {
  const { apiUrl = '', apiToken = '' } = product.ready ?? {}
  const since = performance.now()
  const answer = await fetch(`${apiUrl}${path}`, { headers: { authorization: `Bearer ${apiToken}` } })
  return { status: answer.status, text: await answer.text(), ms: performance.now() - since }
}

const health = async () =>
  (await (await fetch(`${product.ready?.url}/api/health/ready`)).json()) as {
    status: string
    store: string | null
  }

let first: Run

test('what a run leaves is in the bucket, and shown from there', async () => {
  first = await runOf()
  expect(first.state).toBe('succeeded')
  expect((await ask(`/runs/${first.id}/tasks/make/outputs/made`)).text).toBe('made\n')
  expect((await ask(`/runs/${first.id}/tasks/make/attempts/1/log`)).text).toContain('it is made\n')
  expect((await server.objects(`${prefix}/blobs/`)).length).toBeGreaterThan(1)
  expect(await health()).toMatchObject({ status: 'ready', store: null })
})

const hung =
  /^The artifact store s3:\/\/dagbok-test\/product does not answer \(no answer within [\d.]+ s\): look at/

test('[R7] while it hangs, a page says so in its time, a task fails for it, and all goes on when it is back', async () => {
  proxy.mishap = () => ({ kind: 'hangs' })
  const answer = await ask(`/runs/${first.id}/tasks/make/attempts/1/log`)
  expect(answer.status).toBe(503)
  expect(JSON.parse(answer.text)).toMatchObject({
    code: 'unavailable',
    message: expect.stringMatching(hung) as string,
  })
  expect(answer.ms).toBeGreaterThan((storeMs / 6) * 0.9)
  expect(answer.ms).toBeLessThan((storeMs / 6) * 1.1 + 1000)
  expect(await until('health says it', async () => (await health()).store)).toMatch(hung)
  const failed = await runOf()
  expect(failed.taskRuns[0]?.attempts[0]).toMatchObject({ state: 'failed', reason: 'storage' })
  expect(failed.taskRuns[0]?.attempts[0]?.message).toMatch(hung)
  proxy.mishap = () => null
  expect((await runOf()).state).toBe('succeeded')
})

test('a product starts while it is away, says so, and has all of it when it is back', async () => {
  await product.kill()
  await server.kill()
  const before = product.said.length
  await product.start([], env)
  expect(product.said.slice(before)).toMatch(
    /dagbok: The artifact store s3:\/\/dagbok-test\/product does not answer \(E[A-Z]+\): look at its address and at the network\. Logs and outputs wait for it\./,
  )
  expect(await health()).toMatchObject({
    status: 'ready',
    store: expect.stringContaining('does not answer') as string,
  })
  await server.start()
  expect((await runOf()).state).toBe('succeeded')
  expect((await ask(`/runs/${first.id}/tasks/make/outputs/made`)).text).toBe('made\n')
})

test('a product whose key is refused does not start, and says what to look at', async () => {
  await product.kill()
  const before = product.said.length
  await expect(product.start([], { ...env, AWS_SECRET_ACCESS_KEY: 'CANARY-SECRET' })).rejects.toThrow(
    'the product ended before it was ready',
  )
  const said = product.said.slice(before)
  expect(said).toContain(
    'dagbok: The artifact store s3://dagbok-test/product does not accept its key: look at',
  )
  expect(said).not.toContain('CANARY')
})
