/** Runs and attempts as a collector gets them, over HTTP. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { spanIdOf, traceIdOf } from '#server/domain/run/trace-context.ts'
import { scheduling } from '../testing/scheduling.ts'
import { succeeds } from '../testing/scripted-executor.ts'
import { TraceExporter } from './trace-exporter.ts'

const { database, url, work, start, over } = scheduling()
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of open.splice(0).toReversed()) await close()
})

/** Answers each message with the next status, then with 200; `taken` are the bodies of those. */
async function collector(...statuses: number[]) {
  const taken: Buffer[] = []
  const headers: (string | undefined)[] = []
  let changed = () => {}
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request)
    headers.push(request.headers['x-key'] as string | undefined)
    const status = request.url === '/v1/traces' ? (statuses.shift() ?? 200) : 404
    if (status === 200) taken.push(body)
    response.writeHead(status).end()
    changed()
  }
  const server = createServer((request, response) => void take(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  open.push(async () => {
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })
  const until = async (seen: () => boolean) => {
    while (!seen()) await new Promise<void>((done) => (changed = done))
  }
  return { endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, taken, headers, until }
}

function exporter(endpoint: string) {
  const one = new TraceExporter({
    db: database(),
    databaseUrl: url(),
    collector: { endpoint, headers: { 'x-key': 'secret' } },
    publicUrl: null,
    log: pino({ level: 'silent' }),
    roundMs: 20,
    lagMs: 0,
  })
  open.push(() => one.stop())
  one.start()
  return one
}

/** In how many messages these ids are, as bytes. */
const sent = (taken: readonly Buffer[], hex: string) =>
  taken.filter((body) => body.includes(Buffer.from(hex, 'hex'))).length

test('every run and attempt that ended is sent once, also when the collector first refuses', async () => {
  await work(() => succeeds())
  const before = await start('  - id: early\n    command: ["true"]')
  await over(before)
  const { endpoint, taken, headers, until } = await collector(400)
  exporter(endpoint)
  exporter(endpoint)
  await until(() => sent(taken, spanIdOf(before)) > 0)
  const later = await start(
    '  - id: one\n    command: ["true"]\n  - id: two\n    needs: [one]\n    command: ["true"]',
  )
  await over(later)
  const ids = await database().client<{ id: string }[]>`select id from attempt where run_id = ${later}`
  expect(ids).toHaveLength(2)
  const wanted = [traceIdOf(later), ...ids.map(({ id }) => spanIdOf(id))]
  await until(() => wanted.every((id) => sent(taken, id) > 0))
  expect(Buffer.concat(taken).toString('latin1')).toMatch(/early[^]*one[^]*two/)
  expect(new Set(headers)).toEqual(new Set(['secret']))
  for (const { id } of ids) expect(sent(taken, spanIdOf(id))).toBe(1)
})

test('a collector that takes messages and never answers does not hold up a stop', async () => {
  await work(() => succeeds())
  await over(await start('  - id: early\n    command: ["true"]'))
  const silent = createServer()
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  open.push(async () => {
    silent.closeAllConnections()
    silent.close()
    await once(silent, 'close')
  })
  const asked = once(silent, 'request')
  const one = exporter(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  await asked
  const before = performance.now()
  await one.stop()
  // The collector has two seconds for a message: a stop does not wait for them.
  expect(performance.now() - before).toBeLessThan(1800)
})
