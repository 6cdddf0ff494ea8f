import { expect, test } from 'vitest'
import { isLoopback, readSettings } from './read.ts'

const noFiles = (path: string): string => {
  throw new Error(path)
}

test('without any variable, the defaults listen on loopback', () => {
  const settings = readSettings({}, noFiles)
  expect(settings).toMatchObject({ HOST: '127.0.0.1', PORT: 7310, LOG_LEVEL: 'info' })
  expect(isLoopback(settings.HOST)).toBe(true)
})

test('every fault is told at once', () => {
  const faulty = {
    PORT: '99999',
    DATABASE_URL: 'mysql://a',
    NEXTAUTH_SECRET: 'short',
    DAGBOK_ALLOW_PROCESS: 'yes',
    DAGBOK_MIN_FREE_BYTES: '1 GB',
    DAGBOK_PARALLELISM: '0',
    DAGBOK_EXECUTOR: 'docker',
  }
  for (const name of Object.keys(faulty)) expect(() => readSettings(faulty, noFiles)).toThrow(name)
})

test.each(['abc', '99999', '-1', '80.5', '0x50', ' '])('PORT=%s is said as it was given', (PORT) => {
  expect(() => readSettings({ PORT }, noFiles)).toThrow(
    `PORT is '${PORT}', which is no port: write a number of 0 to 65535.`,
  )
})

test('headers for a collector are named values, percent-encoded', () => {
  const given = (text: string) => readSettings({ OTEL_EXPORTER_OTLP_HEADERS: text }, noFiles)
  expect(given('authorization=Bearer%20a=b,x=').OTEL_EXPORTER_OTLP_HEADERS).toEqual({
    authorization: 'Bearer a=b',
    x: '',
  })
  for (const wrong of ['authorization', 'a=b,c', '=b', 'a=%zz', 'a=%ff', 'a=%0A'])
    expect(() => given(wrong)).toThrow('OTEL_EXPORTER_OTLP_HEADERS is no list of headers')
})

test('a secret may come from a file, but not from two places', () => {
  const secret = 's'.repeat(40)
  expect(readSettings({ NEXTAUTH_SECRET_FILE: '/run/secret' }, () => `${secret}\n`).NEXTAUTH_SECRET).toBe(
    secret,
  )
  expect(() =>
    readSettings({ NEXTAUTH_SECRET_FILE: '/run/secret', NEXTAUTH_SECRET: secret }, () => secret),
  ).toThrow('both set')
  expect(() => readSettings({ NEXTAUTH_SECRET_FILE: '/none' }, noFiles)).toThrow('/none cannot be read')
})

test.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1'])('%s is loopback', (host) =>
  expect(isLoopback(host)).toBe(true),
)
test.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org'])('%s is not', (host) =>
  expect(isLoopback(host)).toBe(false),
)
