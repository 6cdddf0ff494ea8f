/** Runs and attempts as a collector gets them, over HTTP. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
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

/** Answers each message with the status that is said of it; `taken` are the bodies of those with 200. */
async function collector(statusOf: (body: Buffer, n: number) => number) {
  const taken: Buffer[] = []
  const headers: (string | undefined)[] = []
  let changed = () => {}
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(request)
    headers.push(request.headers['x-key'] as string | undefined)
    const status = request.url === '/v1/traces' ? statusOf(body, headers.length) : 404
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

test('every run and attempt that ended is sent once, also when the collector does not let us in at first', async () => {
  await work(() => succeeds())
  const before = await start('  - id: early\n    command: ["true"]')
  await over(before)
  const { endpoint, taken, headers, until } = await collector((_, n) => (n === 1 ? 403 : 200))
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

test('a span that the collector will never take is left out, and no other', async () => {
  await work(() => succeeds())
  const ids: string[] = []
  for (const _ of [1, 2, 3]) {
    const id = await start('  - id: one\n    command: ["true"]')
    await over(id)
    ids.push(id)
  }
  const [first = '', wrong = '', last = ''] = ids
  // Of an attempt only: its run has the id as its parent.
  const [attempt] = await database().client<{ id: string }[]>`select id from attempt where run_id = ${wrong}`
  const never = Buffer.from(spanIdOf(attempt?.id ?? ''), 'hex')
  const { endpoint, taken, until } = await collector((body) => (body.includes(never) ? 400 : 200))
  exporter(endpoint)
  await until(() => [first, wrong, last].every((id) => sent(taken, spanIdOf(id)) > 0))
  const others = await database().client<{ id: string }[]>`select id from attempt where run_id = ${last}`
  await until(() => others.every(({ id }) => sent(taken, spanIdOf(id)) > 0))
  expect(sent(taken, never.toString('hex'))).toBe(0)
})

test('when the one that sends stops, another goes on; its lock is not lost while it lives', async () => {
  await work(() => succeeds())
  const { endpoint, taken, until } = await collector(() => 200)
  const one = exporter(endpoint)
  const first = await start('  - id: one\n    command: ["true"]')
  await over(first)
  await until(() => sent(taken, spanIdOf(first)) > 0)
  const held = () => database().client`
    select 1 from pg_locks l join pg_stat_activity a using (pid)
    where l.locktype = 'advisory' and a.application_name = 'dagbok traces' and l.granted`
  expect(await held()).toHaveLength(1)
  exporter(endpoint)
  await one.stop()
  const second = await start('  - id: one\n    command: ["true"]')
  await over(second)
  await until(() => sent(taken, spanIdOf(second)) > 0)
  expect(await held()).toHaveLength(1)
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
  const asked = once(silent, 'connection') as Promise<[Socket]>
  const one = exporter(`http://127.0.0.1:${(silent.address() as AddressInfo).port}`)
  const [connection] = await asked
  const given = once(connection, 'close')
  // The message is given up after two seconds: a stop is over before.
  const order: string[] = []
  await Promise.all([one.stop().then(() => order.push('stopped')), given.then(() => order.push('given up'))])
  expect(order).toEqual(['stopped', 'given up'])
})
