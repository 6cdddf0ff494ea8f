import { once } from 'node:events'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Server } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { askProduct, type Ready } from '../../e2e/fixtures/product.ts'
import { cloneRepository } from '../../e2e/fixtures/repository.ts'
import { Home, type Started } from '../testing/supervisor.ts'
import { usage } from './arguments.ts'

const { database, url } = testDatabase()
let home: Home

/** A home for the tests of a file or of a group. */
function atHome(): void {
  beforeAll(async () => {
    home = await Home.make()
  })
  afterAll(() => home.close())
}

const healthOf = ({ ready }: Started) =>
  fetch(`${ready.url}/api/health/ready`).then(
    ({ status }) => status,
    () => 0,
  )

const cookies = (answered: Response) =>
  answered.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')

/** Presses the button of the sign-in link. */
async function pressSignIn({ url, signInUrl }: Ready): Promise<Response> {
  const csrf = await fetch(`${url}/api/auth/csrf`)
  const { csrfToken } = (await csrf.json()) as { csrfToken: string }
  const token = new URL(signInUrl).searchParams.get('token') ?? ''
  return fetch(`${url}/api/auth/callback/link`, {
    method: 'POST',
    headers: { cookie: cookies(csrf) },
    body: new URLSearchParams({ csrfToken, token, json: 'true' }),
  })
}

/** The first page, as it comes to whoever has pressed that button. */
const firstPage = (signedIn: Response) =>
  fetch(new URL('/', signedIn.url), { headers: { cookie: cookies(signedIn) }, redirect: 'manual' })

/** On each page of a server that other machines reach. */
const banner = 'Other machines reach this server, and tasks run as processes of it'

/** Its task ends by no word, and has a child. */
const staying = `---
dagbok: 1
id: stay
---

\`\`\`yaml task
id: stay
\`\`\`
\`\`\`bash script
trap '' INT TERM HUP
exec -a stays.sh sleep infinity & exec -a stays.sh sleep infinity
\`\`\`
`

/** All that was started is gone after these signals. Gives the ms that it took. */
async function endsWhole({ child }: Started, signals: readonly NodeJS.Signals[]): Promise<number> {
  expect((await home.processes()).length).toBeGreaterThanOrEqual(3)
  const before = performance.now()
  for (const signal of signals) child.kill(signal)
  const [code] = (await once(child, 'exit')) as [number]
  const ms = performance.now() - before
  expect(code).toBe(0)
  expect(await home.processes()).toEqual([])
  expect(await readdir(home.data)).not.toContain('lock.json')
  await expect(stat(home.readyFile)).rejects.toThrow('ENOENT')
  return ms
}

// One product for all of them, in this order.
describe('a product from its start to a kill -9', () => {
  atHome()
  /** Has the port that is asked for. */
  let holder: Server
  let port = 0
  let product: Started
  beforeAll(async () => {
    holder = createServer((socket) => socket.end('held')).listen(0, '127.0.0.1')
    await once(holder, 'listening')
    port = (holder.address() as AddressInfo).port
    product = await home.start(['--port', String(port)])
  })
  afterAll(() => holder.close())

  const answer = async (path: string, body?: object) => {
    const response = await fetch(`${product.ready.apiUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${product.ready.apiToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.text() }
  }

  test('it starts, and says who holds the folder to a second one', async () => {
    const { child, ready, output } = product
    for (const stage of ['build', 'database', 'web', 'workers'])
      expect(output()).toMatch(new RegExp(`^${stage} +\\d+\\.\\d s$`, 'm'))
    expect(output()).toMatch(/ s\n+Dagbok answers at \S+ Sign in \(good for an hour, once\): \S+\n$/)
    expect((await stat(home.readyFile)).mode & 0o777).toBe(0o600)
    expect(ready).toEqual({
      url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      signInUrl: expect.stringMatching(new RegExp(`^${ready.url}/sign-in\\?token=[\\w-]{40,}$`)),
      gitUrl: `${ready.url}/git/main`,
      apiUrl: `${ready.url}/api/v1`,
      apiToken: expect.stringMatching(/^dgb_[\w-]{40}$/),
    })
    expect(await healthOf(product)).toBe(200)
    const second = home.launch()
    const [code] = (await once(second.child, 'exit')) as [number]
    expect(code).toBe(1)
    expect(second.output()).toContain(`held by process ${child.pid}, which answers at ${ready.url}`)
  })

  test('a port that is taken leads to the next free one; who has it keeps it', async () => {
    const taken = Number(new URL(product.ready.url).port)
    expect(taken).toBeGreaterThan(port)
    expect(taken).toBeLessThanOrEqual(port + 100)
    const [said] = (await once(connect(port, '127.0.0.1'), 'data')) as [Buffer]
    expect(said.toString()).toBe('held')
  })

  test('the sign-in link signs in when its button is pressed, once, and a look at it does not use it up', async () => {
    const { ready } = product
    expect(await (await fetch(ready.signInUrl)).text()).toContain('Sign in')
    expect((await fetch(ready.url, { redirect: 'manual' })).headers.get('location')).toBe('/sign-in')
    const signedIn = await pressSignIn(ready)
    expect(signedIn.status).toBe(200)
    const page = await firstPage(signedIn)
    expect(page.status).toBe(200)
    expect(await page.text()).not.toContain(banner)
    expect((await pressSignIn(ready)).status).toBe(401)
    expect(await (await fetch(ready.signInUrl)).text()).toContain('This link was used already')
  })

  test('a web process that dies is started again, at the address that users have', async () => {
    const web = async () => (await home.running(['app/server.ts']))[0] ?? null
    const first = await web()
    process.kill(first ?? 0, 'SIGKILL')
    for (let second = first; second === null || second === first; second = await web())
      await new Promise((done) => setTimeout(done, 20))
    while ((await healthOf(product)) !== 200) {
      expect(product.child.exitCode).toBeNull()
      await new Promise((done) => setTimeout(done, 20))
    }
  })

  test('[R14] Postgres that is killed is started again: nothing else ends, and what was acknowledged is there', async () => {
    expect((await answer('/repositories', { team: 'main', name: 'kept' })).status).toBe(201)
    const ours = await home.running(['app/server.ts', 'workers/main.ts'])
    expect(ours).toHaveLength(2)
    const pidFile = join(home.runtime, 'postgres', 'cluster', 'postmaster.pid')
    const server = async () => (await readFile(pidFile, 'utf8').catch(() => '')).split('\n')[0] ?? ''
    const first = await server()
    process.kill(Number(first), 'SIGKILL')
    for (;;) {
      expect(product.child.exitCode).toBeNull()
      const { status, body } = await answer('/repositories')
      expect(body).not.toMatch(/\n\s+at |ECONN|postgres/i)
      expect([200, 503]).toContain(status)
      if (status !== 200) continue
      expect(body).toContain('kept')
      // An answer may still be of the old server's last moment.
      if (!['', first].includes(await server())) break
    }
    expect(await home.running(['app/server.ts', 'workers/main.ts'])).toEqual(ours)
  })

  test('after a kill -9 of the supervisor its processes end, and the next start takes the folder over', async () => {
    product.child.kill('SIGKILL')
    await once(product.child, 'exit')
    await rm(home.readyFile)
    const next = await home.start()
    expect(await healthOf(next)).toBe(200)
    expect(await endsWhole(next, ['SIGTERM'])).toBeLessThan(10_000)
  })

  test('a Ctrl-C, and the terminal that hangs up at once, leave nothing after 10 s: also not of a task that runs', async () => {
    const next = await home.start()
    const copy = await cloneRepository(next.ready, 'kept')
    await copy.write('stay/stay.dag.md', staying)
    await copy.push('Stay', ['run'])
    await copy.remove()
    while ((await home.running(['stays.sh'])).length < 2)
      expect(next.child.exitCode, next.output()).toBeNull()
    expect(await endsWhole(next, ['SIGINT', 'SIGHUP'])).toBeLessThan(10_000)
  })
})

describe('a start of another kind', () => {
  atHome()

  test('--help prints the options and starts nothing', async () => {
    const { child, output } = home.launch(['--help'])
    expect(await once(child, 'exit')).toEqual([0, null])
    expect(output()).toBe(`${usage}\n`)
    expect(await readdir(home.folder)).not.toContain('ready.json')
  })

  test('with DATABASE_URL, what is made is in that Postgres, and no other one is started; it is allowed to be open, and the page says so', async () => {
    const { pathname } = new URL(url())
    // An address of loopback that is not recognised as one: nothing listens where other machines are.
    const open = { DAGBOK_ALLOW_PROCESS: '1', HOST: '127.1' }
    const product = await home.start([], { DATABASE_URL: url(), ...open })
    expect(await (await firstPage(await pressSignIn(product.ready))).text()).toContain(banner)
    await askProduct(product.ready, '/repositories', { team: 'main', name: 'elsewhere' })
    const rows = await database().client<{ name: string; database: string }[]>`
      select name, current_database() as database from repository`
    expect(rows).toEqual([{ name: 'elsewhere', database: pathname.slice(1) }])
    expect(await readdir(home.runtime)).not.toContain('postgres')
    expect(await endsWhole(product, ['SIGTERM'])).toBeLessThan(10_000)
  })

  test('a ready file of an earlier life is gone before anything is made, and a start is ended half-way, by whoever knows npm alone', async () => {
    await writeFile(home.readyFile, 'of an earlier life')
    const { child, output } = home.launch([], {}, ['npm', 'start', '--'])
    const postgres = () => home.running([join(home.runtime, 'postgres')])
    while ((await postgres()).length === 0) expect(child.exitCode, output()).toBeNull()
    expect(await readFile(home.readyFile, 'utf8').catch(() => 'none')).not.toBe('of an earlier life')
    const before = performance.now()
    child.kill('SIGTERM')
    const [code] = (await once(child, 'exit')) as [number]
    expect(performance.now() - before).toBeLessThan(10_000)
    expect(code).toBe(0)
    expect(await home.processes()).toEqual([])
  })
})
