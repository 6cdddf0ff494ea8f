/**
 * Each thing that the product depends on hangs: it accepts what is asked, and never answers (R7). Within a bound it is said
 * what does not answer, and all goes on once it does again.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from '#cli/start/data-folder.ts'
import { away } from '#server/domain/errors/errors.ts'
import { cloneRepository, type WorkingCopy } from '../fixtures/repository.ts'
import type { Ready } from '../fixtures/product.ts'
import { Closers } from './closers.ts'
import { hireOne } from './far.ts'
import { preloadedAs } from './fleet.ts'
import { silentCollector, whileGitHangs, wiredPostgres } from './hangs.ts'
import { MortalProduct } from './product.ts'
import { pause, until } from './until.ts'
import type { Wire } from './wire.ts'

/** ms that the product is told to wait, each in another second than the others. */
const [statementMs, gitMs, gitSilenceMs] = [5000, 4000, 6000]
/** ms that a message to a collector has. */
const messageMs = 2000
/** ms of a worker's lease, of which it counts on three quarters; and between two of its heartbeats. */
const [poolLeaseMs, countedOn, beatMs] = [20_000, 0.75, 2000]
/** ms that a program has. */
const programMs = 20_000

/** Whether it took as long as it should, by a tenth; and by what it takes to say so on a machine that is busy. */
const expectTook = (ms: number, should: number, slack = 500) => {
  expect(ms).toBeGreaterThan(should * 0.9)
  expect(ms).toBeLessThan(should * 1.1 + slack)
}

const dag = (id: string) =>
  `---\ndagbok: 1\nid: ${id}\n---\n\n\`\`\`yaml task\nid: say\ninfrastructure_retries: 0\n\`\`\`\n\`\`\`bash script\necho hi\n\`\`\`\n`

const closers = new Closers()
let product: MortalProduct
let wire: Wire
let copy: WorkingCopy
let env: Record<string, string> = {}
/** ms that each connection to the collector was open. */
const messages: number[] = []

beforeAll(async () => {
  product = await MortalProduct.make()
  closers.add(() => product.remove())
  const wired = await wiredPostgres(closers)
  wire = wired.wire
  env = {
    DATABASE_URL: wired.url,
    DAGBOK_TEST_STATEMENT_MS: String(statementMs),
    DAGBOK_TEST_GIT_MS: String(gitMs),
    DAGBOK_TEST_GIT_SILENCE_MS: String(gitSilenceMs),
    DAGBOK_TEST_LEASE_MS: '3000',
    DAGBOK_TEST_POOL_LEASE_MS: String(poolLeaseMs),
    OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await silentCollector(closers, messages)}`,
  }
  const ready = await product.start([], env)
  copy = await cloneRepository(ready, 'hanging')
  closers.add(() => copy.remove())
  for (const id of ['first', 'second', 'third']) await copy.write(`${id}.dag.md`, dag(id))
  await copy.write('living.dag.md', living)
  await copy.push('DAGs')
})
afterAll(() => closers.close())
beforeEach(({ onTestFailed }) => onTestFailed(() => console.error(product.said.slice(-5000))))

interface Run {
  id: string
  state: string
  taskRuns: { attempts: { state: string; reason: string | null; message: string | null }[] }[]
}

/** Starts a run; its id. */
const begin = async (id: string, params: Record<string, string> = {}) =>
  (await product.api<{ id: string }>(`/dags/main/hanging/${id}/runs`, { params })).id

/** Runs a DAG to its end. */
async function runOf(id: string): Promise<Run> {
  const run = await begin(id)
  return until('the run has ended', async () => {
    const seen = await product.api<Run>(`/runs/${run}`)
    return ['succeeded', 'failed'].includes(seen.state) ? seen : null
  })
}

interface Answer {
  ms: number
  status: number
  message: string
}

/** What a user is told; null: nothing within `patience` ms. */
async function ask(path: string, patience = 60_000): Promise<Answer | null> {
  const { apiUrl = '', apiToken = '' } = product.ready ?? {}
  const since = performance.now()
  const given = { headers: { authorization: `Bearer ${apiToken}` }, signal: AbortSignal.timeout(patience) }
  const response = await fetch(`${apiUrl}${path}`, given).catch(() => null)
  if (response === null) return null
  const { message = '' } = (await response.json()) as { message?: string }
  return { ms: performance.now() - since, status: response.status, message }
}

test('[R7] a Postgres that does not answer: web says 503 and why, the worker logs it, and both go on when it is back', async () => {
  expect((await runOf('first')).state).toBe('succeeded')
  const before = product.said.length
  const since = performance.now()
  wire.cut()
  const answer = await ask('/dags')
  expectTook(answer?.ms ?? 0, statementMs)
  expect(answer).toMatchObject({ status: 503, message: away })
  // It looks every two seconds, so that it has asked by then.
  await until('the worker says it', () =>
    product.said.slice(before).includes(`Postgres did not answer a statement within ${statementMs / 1000} s`),
  )
  expect(performance.now() - since).toBeLessThan(statementMs * 1.1 + 2500)
  const health = await fetch(`${product.ready?.url}/api/health/live`)
  expect(health.status).toBe(200)
  wire.mend('reset')
  expect((await until('it is back', () => runOf('first').catch(() => null))).state).toBe('succeeded')
})

const whileHanging = <T>(work: () => Promise<T>) => whileGitHangs(join(product.data, 'repositories'), work)

test('[R7] a git that does not answer: the attempt that needs it fails and says so, and the next one is fine', async () => {
  const hung = await whileHanging(() => runOf('second'))
  const attempt = hung.taskRuns[0]?.attempts[0]
  expect(attempt).toMatchObject({ state: 'failed', reason: 'storage' })
  expect(attempt?.message).toMatch(
    /^git [a-z-]+ took longer than 4 s and was ended: its repository's disk may not answer\.$/,
  )
  expect((await runOf('second')).state).toBe('succeeded')
})

test('[R7] a git that serves and does not answer: it is ended, and the user is told', async () => {
  const { gitUrl = '', apiToken = '' } = product.ready ?? {}
  const since = performance.now()
  const given = { headers: { authorization: `Bearer ${apiToken}` } }
  const answer = await whileHanging(() =>
    fetch(`${gitUrl}/hanging.git/info/refs?service=git-upload-pack`, given),
  )
  expectTook(performance.now() - since, gitSilenceMs)
  expect(answer.status).toBe(503)
  expect(await answer.text()).toBe(
    "git was silent for 6 s and was ended: its repository's disk may not answer.\n",
  )
  const again = await cloneRepository(product.ready as Ready, 'hanging')
  expect(await again.read('first.dag.md')).toBe(dag('first'))
  await again.remove()
})

/** Writes each tenth of a second that it lives. */
const living = `---
dagbok: 1
id: living
params:
  file: {type: string}
---

\`\`\`yaml task
id: live
executor: pool
queue: far
infrastructure_retries: 0
\`\`\`
\`\`\`bash script
while :; do date +%s%N > "$DAGBOK_PARAM_FILE"; sleep 0.1; done
\`\`\`
`

test.concurrent(
  '[R7] a server that does not answer a worker of the pool: the worker ends its code, and then the server gives it up',
  async () => {
    const { runtime } = await openDataFolder(product.data)
    const file = join(product.folder, 'living')
    const { secret } = await product.api<{ secret: string }>('/teams/main/worker-tokens', { name: 'far' })
    const far = await hireOne({ token: secret, folder: join(product.folder, 'far'), runtime, env, closers })
    far.worker.start()
    const run = await begin('living', { file })
    const lives = async () => Number(await readFile(file, 'utf8').catch(() => '0')) / 1e6
    await until('its code runs', async () => (await lives()) > 0)
    const since = Date.now()
    far.wire.cut()
    const attempt = await until(
      'it is given up',
      async () =>
        (await product.api<Run>(`/runs/${run}`)).taskRuns[0]?.attempts.find(
          ({ state }) => state === 'lost',
        ) ?? null,
    )
    const [given, last] = [Date.now(), await lives()]
    expect(attempt).toMatchObject({ reason: 'worker_lost', message: 'Its worker did not answer any more.' })
    // It is asked with each beat whether it may go on.
    expectTook(last - since, poolLeaseMs * countedOn, beatMs)
    // A lease that is over is looked at for a second more, every two seconds.
    expectTook(given - since, poolLeaseMs, 3000)
    expect(last).toBeLessThan(given)
    await far.worker.kill()
  },
)

test.concurrent('[R7] a program that never ends: the push is refused and says why', async () => {
  await copy.write('endless.dag.py', 'while True:\n    pass\n')
  const since = performance.now()
  const said = await copy.push('A program that never ends').then(
    () => '',
    (error: unknown) => (error as { stderr: string }).stderr,
  )
  expectTook(performance.now() - since, programMs, 2000)
  expect(said).toMatch(/endless\.dag\.py.*20 s/)
})

test('[R7] a collector that does not answer: each message is given up, it is logged, and nothing waits for it', async () => {
  await until('a message was given up', () => messages.length > 0)
  expectTook(messages[0] ?? 0, messageMs)
  expect(product.said).toContain('spans could not be sent; trying again')
  expect((await runOf('first')).state).toBe('succeeded')
})

/** The same product begins a life as a mutant. */
async function become(mutant: string): Promise<void> {
  await product.kill()
  await product.start([], { ...env, NODE_OPTIONS: preloadedAs(mutant) })
}

test('mutant: a product that waits for Postgres for ever is caught', async () => {
  await become('a statement is waited for without a bound')
  wire.cut()
  expect(await ask('/dags', statementMs * 1.5)).toBeNull()
  wire.mend('reset')
})

test('mutant: a product that waits for git for ever is caught', async () => {
  await become('a call of git may take as long as it likes')
  const ended = runOf('third')
  const first = () => Promise.race([ended.then(() => 'ended'), pause(gitMs * 2, 'late')])
  expect(await whileHanging(first)).toBe('late')
  await ended
})
