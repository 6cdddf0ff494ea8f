/** A desk over HTTP, and whoever stands before it. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DeskClient } from './desk-client.ts'

/** What is answered next, the last one again and again. */
let answers: { status: number; body: string }[] = []
let server: Server
beforeAll(async () => {
  server = createServer((_request, response) => {
    const { status, body } = (answers.length > 1 ? answers.shift() : answers[0]) ?? { status: 500, body: '' }
    response.writeHead(status, { connection: 'close' })
    response.end(body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterAll(() => server.close())

function clientOf() {
  let pauses = 0
  const waits: string[] = []
  const client = new DeskClient({
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token: 't',
    workerId: 'w',
    pause: () => {
      pauses++
      return Promise.resolve()
    },
    waits: ({ message }) => waits.push(message),
  })
  return { client, pauses: () => pauses, waits }
}

const good = { status: 200, body: '{"ok": true}' }
const strange = [404, 403, 401, 400, 502].map((status) => ({ status, body: '<h1>default backend</h1>' }))
const ours = { status: 404, body: '{"code": "not_found", "message": "This worker is not known."}' }

test('[R16] once the desk has answered, what others answer in its place is waited out; its own refusal is none of that', async () => {
  const { client, pauses, waits } = clientOf()
  answers = [good]
  await client.call('register')
  answers = [...strange, good]
  expect(await client.insist('heartbeat')).toEqual({ ok: true })
  expect(pauses()).toBe(strange.length)
  expect(waits).toEqual(strange.map(({ status }) => `status ${status}`))
  answers = [{ status: 413, body: '<h1>Request Entity Too Large</h1>' }]
  await expect(client.insist('attempt/end')).rejects.toMatchObject({ code: 'too_large' })
  answers = [ours]
  await expect(client.insist('heartbeat')).rejects.toThrow('This worker is not known.')
})

test('an address that is none of a desk is refused at the first call', async () => {
  const { client } = clientOf()
  answers = [{ status: 404, body: '<h1>nothing here</h1>' }]
  await expect(client.insist('register')).rejects.toMatchObject({ code: 'not_found' })
})
