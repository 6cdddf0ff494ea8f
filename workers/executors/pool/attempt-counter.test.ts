/** What the desk sends to whoever hangs up. */
import { once } from 'node:events'
import { createServer, get } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { AttemptCounter } from './attempt-counter.ts'

type Options = ConstructorParameters<typeof AttemptCounter>[0]

test('[R14] whoever hangs up while the first file is read ends nothing but his own call', async () => {
  const [asked, go, gone] = [
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
    Promise.withResolvers<void>(),
  ]
  const files = async function* () {
    asked.resolve()
    await go.promise
    yield { path: 'a', mode: '100644', bytes: Buffer.from('a') }
  }
  const counter = new AttemptCounter({ files } as unknown as Options)
  const attempt = { versionId: 'v', token: 't' } as Parameters<AttemptCounter['bring']>[1]
  const brought = Promise.withResolvers<void>()
  const server = createServer((request, response) => {
    response.once('close', () => gone.resolve())
    const call = { request, response, url: new URL('http://desk/'), path: 'attempt/files', longest: 0 }
    counter.bring(call, attempt, 'files', '').then(brought.resolve, brought.reject)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const heard: unknown[] = []
  const note = (error: unknown) => void heard.push(error)
  process.on('unhandledRejection', note)
  onTestFinished(() => void process.off('unhandledRejection', note))
  const asking = get({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
  asking.on('error', () => {})
  await asked.promise
  asking.destroy()
  await gone.promise
  // Node tells of what nobody waits for when the microtasks are done.
  await new Promise((done) => setImmediate(done))
  go.resolve()
  await brought.promise
  expect(heard).toEqual([])
})
