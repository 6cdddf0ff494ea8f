/** `dagbok worker` before a server has answered it: it waits for one, and ends when it is told to. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startWorker } from '#workers/testing/pool-crew.ts'
import { openDataFolder } from '../start/data-folder.ts'

let folder = ''
let runtime = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-worker-'))
  runtime = (await openDataFolder(folder)).runtime
})
afterEach(async () => {
  for (const one of [folder, runtime]) await rm(one, { recursive: true, force: true })
})

test.each([
  ['does not answer', (socket: Socket) => void socket.resume()],
  ['hangs up', (socket: Socket) => void socket.destroy()],
])('a signal ends a worker whose server %s', async (_what, treat) => {
  const sockets: Socket[] = []
  const server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    treat(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const token = `dgw_${'a'.repeat(40)}`
  const worker = startWorker({ url: `http://127.0.0.1:${port}`, token, folder, options: [] })
  await once(server, 'connection')
  expect(await worker.end('SIGTERM')).toBe(0)
  expect(worker.said()).toBe('')
  for (const socket of sockets) socket.destroy()
  server.close()
})
