/** [R15] What a full disk, and a store that is away, look like to whoever asks for the health of the product. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as live } from '#app/api/health/live/route.ts'
import { GET as ready } from '#app/api/health/ready/route.ts'
import { product } from '#cli/commands/doctor/checks.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { Disks } from '../storage/disks.ts'
import { openStore } from '../storage/open-store.ts'
import { startHosted, type Hosted } from '../testing/hosted.ts'
import { openWeb } from '../testing/web.ts'

const { database } = testDatabase()
let hosted: Hosted
let server: Server
beforeAll(async () => {
  hosted = await startHosted(database())
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    const given = await (request.url === '/api/health/ready' ? ready() : live())
    response.writeHead(given.status, { 'content-type': 'application/json' })
    response.end(await given.text())
  }
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(async () => {
  server.close()
  server.closeAllConnections()
  await hosted.close()
})

/** With so many bytes that must be free. */
const bounded = (least: number) =>
  openWeb({
    ...hosted.ctx,
    disks: new Disks([{ place: 'the data folder', folder: hosted.folder }], least),
  })
const url = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`

test('with room, nothing is refused, and the doctor speaks of no disk', async () => {
  bounded(0)
  expect(await (await ready()).json()).toEqual({ status: 'ready', refusing: null, store: null })
  expect((await product(url())).map(({ check, verdict }) => `${check} ${verdict}`)).toEqual([
    'product good',
    'database good',
    'clock good',
  ])
})

test('with a full disk it is ready to be read, says what it refuses, and the doctor what to do', async () => {
  bounded(Number.MAX_SAFE_INTEGER)
  const answer = await ready()
  expect(answer.status).toBe(200)
  expect(await answer.json()).toEqual({
    status: 'ready',
    refusing: expect.stringMatching(/^The disk of the data folder is full: /) as string,
    store: null,
  })
  expect(await product(url())).toContainEqual({
    check: 'disk',
    verdict: 'bad',
    found: expect.stringMatching(
      /^The disk of the data folder is full: .* are free, and new work starts from .* on\.$/,
    ) as string,
    mend: 'Make room there, and it goes on by itself.',
  })
})

test('without its store it is ready for all else, and says what is wrong, and the doctor what to do', async () => {
  const address = {
    bucket: 'outputs',
    prefix: 'a/',
    region: 'us-east-1',
    endpoint: 'http://127.0.0.1:1',
    publicEndpoint: null,
    pathStyle: true,
  }
  const keys = { accessKeyId: 'id', secretAccessKey: 'secret' }
  const { watch, close } = await openStore({ kind: 's3', address, keys }, 'web', 1000)
  openWeb(hosted.ctx, watch)
  const answer = await ready()
  expect(answer.status).toBe(200)
  const found = 'The artifact store s3://outputs/a does not answer (ECONNREFUSED)'
  expect(await answer.json()).toMatchObject({
    status: 'ready',
    store: `${found}: look at its address and at the network.`,
  })
  expect(await product(url())).toContainEqual({
    check: 'store',
    verdict: 'bad',
    found,
    mend: 'Look at its address and at the network.',
  })
  close()
})
