import { once } from 'node:events'
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openSql, type Sql } from '../sql.ts'
import { startEmbeddedPostgres, type EmbeddedPostgres } from './postgres.ts'

const shared = process.getuid?.() === 0 ? '/var/lib/dagbok' : null
let folder = ''
let running: EmbeddedPostgres[] = []

beforeEach(async () => {
  if (shared !== null) await mkdir(shared, { recursive: true, mode: 0o711 })
  folder = await mkdtemp(join(shared ?? tmpdir(), 'test-'))
  running = []
})
afterEach(async () => {
  for (const server of running) await server.stop()
  await rm(folder, { recursive: true, force: true })
})

async function start(): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ folder, sharedBinaries: shared })
  running.push(server)
  return server
}

async function ask(server: EmbeddedPostgres, work: (sql: Sql) => Promise<unknown>): Promise<unknown> {
  const client = openSql(server.url('postgres'), { max: 1 })
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

test('[R14] what was committed before a kill -9 of the server is there after the next start', async () => {
  const first = await start()
  await ask(first, async (sql) => {
    await sql`create table kept (n integer)`
    await sql`insert into kept values (7)`
  })
  process.kill(first.pid, 'SIGKILL')
  await first.exited
  const second = await start()
  expect(await ask(second, (sql) => sql`select n from kept`)).toEqual([{ n: 7 }])
})

test('a server that an earlier life left running is ended, and its cluster taken over', async () => {
  const orphan = await start()
  const successor = await start()
  await orphan.exited
  expect(successor.pid).not.toBe(orphan.pid)
  expect(await ask(successor, (sql) => sql`select 1 as one`)).toEqual([{ one: 1 }])
})

test('[S11] it listens on no port, and asks for a password', async () => {
  const server = await start()
  expect(await ask(server, (sql) => sql`show listen_addresses`)).toEqual([{ listen_addresses: '' }])
  const stranger = new URL(server.url('postgres'))
  stranger.password = 'guess'
  const client = openSql(stranger.href, { max: 1 })
  await expect(client`select 1`).rejects.toThrow('password authentication failed')
  await client.end()
})

test.runIf(shared !== null)(
  'as root (this test needs it) Postgres runs under another user id, which root’s own files are closed to',
  async () => {
    const server = await start()
    const child = spawn('stat', ['-c', '%u', `/proc/${server.pid}`], { stdio: ['ignore', 'pipe', 'ignore'] })
    let uid = ''
    child.stdout.on('data', (chunk: Buffer) => (uid += chunk.toString()))
    await once(child, 'close')
    expect(Number(uid)).toBeGreaterThan(0)
  },
)
