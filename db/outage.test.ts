import { connect } from 'node:net'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { isOutage } from './outage.ts'

const faultOf = async (emitter: NodeJS.EventEmitter) => ((await once(emitter, 'error')) as [Error])[0]

test('a socket that is not there is an outage, also as the cause of another error', async () => {
  const error = await faultOf(connect('/nonexistent/socket'))
  expect(isOutage(error)).toBe(true)
  expect(isOutage(new Error('a query failed', { cause: error }))).toBe(true)
})

test('a folder or a program that is not there has the same code, and is none', async () => {
  expect(isOutage(await faultOf(spawn('true', [], { cwd: '/nonexistent' })))).toBe(false)
  expect(isOutage(Object.assign(new Error('open'), { code: 'ENOENT', syscall: 'open' }))).toBe(false)
})

test.each([
  ['57P03', true],
  ['53300', true],
  ['53100', true],
  ['08006', true],
  ['25P03', true],
  ['23505', false],
  ['57014', false],
])('%s of Postgres: %s', (code, outage) => {
  expect(isOutage(Object.assign(new Error('x'), { code }))).toBe(outage)
})

test('a host with several addresses of which none answers is an outage, too', () => {
  const refused = (address: string) =>
    Object.assign(new Error(`connect ECONNREFUSED ${address}`), { code: 'ECONNREFUSED', syscall: 'connect' })
  const all = new AggregateError([refused('::1:1'), refused('127.0.0.1:1')], '')
  expect(isOutage(new Error('a query failed', { cause: all }))).toBe(true)
})
