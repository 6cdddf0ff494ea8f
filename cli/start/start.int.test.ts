import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { childEnvironment } from '#server/config/environment.ts'
import { root } from '../check/stage.ts'
import { usage } from './arguments.ts'
import { openDataFolder } from './data-folder.ts'

interface Started {
  child: ChildProcess
  ready: { url: string; signInUrl: string; apiUrl: string; apiToken: string }
  output: () => string
}

const { database, url } = testDatabase()
let folder = ''
/** Where Postgres is: as root outside the data folder. */
let runtime = ''
let children: ChildProcess[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-start-'))
  runtime = (await openDataFolder(join(folder, 'data'))).runtime
  children = []
})
afterEach(async () => {
  for (const child of children) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
  for (const path of [folder, runtime]) await rm(path, { recursive: true, force: true })
})

/** `more` are further options; of one that is given twice the last counts. */
function launch(
  more: string[] = [],
  env: Record<string, string> = {},
): { child: ChildProcess; output: () => string } {
  const args = [
    '--port',
    '0',
    '--no-open',
    '--data-dir',
    join(folder, 'data'),
    '--no-examples',
    '--ready-file',
    join(folder, 'ready.json'),
    ...more,
  ]
  const child = spawn(process.execPath, [join(root, 'cli/start/supervisor.ts'), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: childEnvironment(env),
  })
  children.push(child)
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return { child, output: () => said }
}

async function start(...given: Parameters<typeof launch>): Promise<Started> {
  const { child, output } = launch(...given)
  for (;;) {
    if (child.exitCode !== null) throw new Error(`it ended before it was ready:\n${output()}`)
    const text = await readFile(join(folder, 'ready.json'), 'utf8').catch(() => null)
    // The file can be there before the last line came through the pipe.
    if (text !== null && output().includes('Sign in'))
      return { child, output, ready: JSON.parse(text) as Started['ready'] }
    await new Promise((done) => setTimeout(done, 10))
  }
}

/** Every process whose command line or environment names this test's folders. */
async function processes(): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const texts = await Promise.all(
      [`/proc/${name}/cmdline`, `/proc/${name}/environ`].map((file) =>
        readFile(file, 'utf8').catch(() => ''),
      ),
    )
    if (texts.some((text) => text.includes(folder) || text.includes(runtime))) found.push(Number(name))
  }
  return found
}

/** Those that run one of these files. */
async function namedIn(pids: readonly number[], files: readonly string[]): Promise<number[]> {
  const found: number[] = []
  for (const pid of pids) {
    const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
    if (files.some((file) => command.includes(file))) found.push(pid)
  }
  return found
}

test('it starts, says who holds the folder to a second one, and stops within 10 s with nothing left', async () => {
  const { child, ready, output } = await start()
  expect((await stat(join(folder, 'ready.json'))).mode & 0o777).toBe(0o600)
  expect(output()).toMatch(/build[\s\S]*database[\s\S]*web[\s\S]*Sign in/)
  expect((await fetch(`${ready.url}/api/health/ready`)).status).toBe(200)

  const second = launch()
  const [code] = (await once(second.child, 'exit')) as [number]
  expect(code).toBe(1)
  expect(second.output()).toContain(`held by process ${child.pid}, which answers at ${ready.url}`)

  expect((await processes()).length).toBeGreaterThanOrEqual(3)
  const before = performance.now()
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(await processes()).toEqual([])
  await expect(stat(join(folder, 'ready.json'))).rejects.toThrow('ENOENT')
})

test('a Ctrl-C, and the terminal that hangs up at once, leave nothing after 10 s', async () => {
  const { child } = await start()
  const before = performance.now()
  child.kill('SIGINT')
  child.kill('SIGHUP')
  const [code] = (await once(child, 'exit')) as [number]
  expect(code).toBe(0)
  expect(performance.now() - before).toBeLessThan(10_000)
  expect(await processes()).toEqual([])
  expect(await readdir(join(folder, 'data'))).not.toContain('lock.json')
})

test('a port that is taken leads to the next free one; who has it keeps it', async () => {
  const holder = createServer((socket) => socket.end('held'))
  holder.listen(0, '127.0.0.1')
  await once(holder, 'listening')
  const { port } = holder.address() as AddressInfo
  try {
    const { ready } = await start(['--port', String(port)])
    const taken = Number(new URL(ready.url).port)
    expect(taken).toBeGreaterThan(port)
    expect(taken).toBeLessThanOrEqual(port + 100)
    expect((await fetch(`${ready.url}/api/health/ready`)).status).toBe(200)
    const [said] = (await once(connect(port, '127.0.0.1'), 'data')) as [Buffer]
    expect(said.toString()).toBe('held')
  } finally {
    holder.close()
  }
})

test('with DATABASE_URL, what is made is in that Postgres, and no other one is started', async () => {
  const { pathname } = new URL(url())
  const { ready } = await start([], { DATABASE_URL: url() })
  const made = await fetch(`${ready.apiUrl}/repositories`, {
    method: 'POST',
    headers: { authorization: `Bearer ${ready.apiToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({ team: 'main', name: 'elsewhere' }),
  })
  expect(made.status).toBe(201)
  const rows = await database().client<{ name: string; database: string }[]>`
    select name, current_database() as database from repository`
  expect(rows).toEqual([{ name: 'elsewhere', database: pathname.slice(1) }])
  expect(await readdir(runtime)).not.toContain('postgres')
})

test('--help prints the options and starts nothing', async () => {
  const { child, output } = launch(['--help'])
  expect(await once(child, 'exit')).toEqual([0, null])
  expect(output()).toBe(`${usage}\n`)
  expect(await readdir(folder)).not.toContain('ready.json')
})

test('a ready file of an earlier life is gone before anything is made', async () => {
  const file = join(folder, 'ready.json')
  await writeFile(file, 'of an earlier life')
  const { child, output } = launch()
  while (!output().includes('build')) {
    expect(child.exitCode).toBeNull()
    await new Promise((done) => setTimeout(done, 10))
  }
  expect(await readFile(file, 'utf8').catch(() => 'none')).not.toBe('of an earlier life')
})

test('the sign-in link signs in when its button is pressed, once, and a look at it does not use it up', async () => {
  const { ready } = await start()
  const press = async () => {
    const csrf = await fetch(`${ready.url}/api/auth/csrf`)
    const cookie = csrf.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ')
    const { csrfToken } = (await csrf.json()) as { csrfToken: string }
    const token = new URL(ready.signInUrl).searchParams.get('token') ?? ''
    return fetch(`${ready.url}/api/auth/callback/link`, {
      method: 'POST',
      headers: { cookie },
      body: new URLSearchParams({ csrfToken, token, json: 'true' }),
    })
  }
  expect(await (await fetch(ready.signInUrl)).text()).toContain('Sign in')
  expect((await fetch(ready.url, { redirect: 'manual' })).headers.get('location')).toBe('/sign-in')
  const signedIn = await press()
  expect(signedIn.status).toBe(200)
  const cookie = signedIn.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
  expect((await fetch(ready.url, { headers: { cookie }, redirect: 'manual' })).status).toBe(200)
  expect((await press()).status).toBe(401)
  expect(await (await fetch(ready.signInUrl)).text()).toContain('This link was used already')
})

test('a web process that dies is started again, at the address that users have', async () => {
  const { ready, child } = await start()
  const web = async () => (await namedIn(await processes(), ['app/server.ts']))[0] ?? null
  const first = await web()
  process.kill(first ?? 0, 'SIGKILL')
  for (let second = first; second === null || second === first; second = await web())
    await new Promise((done) => setTimeout(done, 20))
  const answers = () =>
    fetch(`${ready.url}/api/health/ready`).then(
      (response) => response.status,
      () => 0,
    )
  while ((await answers()) !== 200) {
    expect(child.exitCode).toBeNull()
    await new Promise((done) => setTimeout(done, 20))
  }
})

test('[R14] Postgres that is killed is started again: nothing else ends, and what was acknowledged is there', async () => {
  const { ready, child } = await start()
  const answer = async (path: string, body?: object) => {
    const response = await fetch(`${ready.apiUrl}${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { authorization: `Bearer ${ready.apiToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: response.status, body: await response.text() }
  }
  expect((await answer('/repositories', { team: 'main', name: 'kept' })).status).toBe(201)
  const ours = await namedIn(await processes(), ['app/server.ts', 'workers/main.ts'])
  expect(ours).toHaveLength(2)
  const holder = join(runtime, 'postgres', 'cluster', 'postmaster.pid')
  const server = async () => (await readFile(holder, 'utf8').catch(() => '')).split('\n')[0] ?? ''
  const first = await server()
  process.kill(Number(first), 'SIGKILL')
  for (;;) {
    expect(child.exitCode).toBeNull()
    const { status, body } = await answer('/repositories')
    expect(body).not.toMatch(/\n\s+at |ECONN|postgres/i)
    expect([200, 503]).toContain(status)
    if (status !== 200) continue
    expect(body).toContain('kept')
    // An answer may still be of the old server's last moment.
    if (!['', first].includes(await server())) break
  }
  expect(await namedIn(await processes(), ['app/server.ts', 'workers/main.ts'])).toEqual(ours)
})

test('after a kill -9 of the supervisor its processes end, and the next start takes the folder over', async () => {
  const first = await start()
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await rm(join(folder, 'ready.json'))
  const second = await start()
  expect((await fetch(`${second.ready.url}/api/health/ready`)).status).toBe(200)
})
