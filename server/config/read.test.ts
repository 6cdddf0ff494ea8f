import { expect, test } from 'vitest'
import { isLoopback, readSettings } from './read.ts'
import { storePlace } from './store.ts'

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
    DAGBOK_STORE: 's3:bucket',
  }
  for (const name of Object.keys(faulty)) expect(() => readSettings(faulty, noFiles)).toThrow(name)
})

test('who runs no tasks on its own machine has another executor for those that name none', () => {
  expect(() => readSettings({ DAGBOK_PROCESSES: '0' }, noFiles)).toThrow(
    'DAGBOK_EXECUTOR must be pool or kubernetes where DAGBOK_PROCESSES is 0.',
  )
  readSettings({ DAGBOK_PROCESSES: '0', DAGBOK_EXECUTOR: 'kubernetes' }, noFiles)
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

test('a key of the bucket is whole, and may come from files', () => {
  const DAGBOK_STORE = 's3://bucket/prefix?region=eu-north-1'
  expect(() => readSettings({ DAGBOK_STORE, AWS_ACCESS_KEY_ID: 'id' }, noFiles)).toThrow(
    'AWS_SECRET_ACCESS_KEY is missing beside the other half of its key.',
  )
  const files = { AWS_ACCESS_KEY_ID_FILE: '/run/id', AWS_SECRET_ACCESS_KEY_FILE: '/run/secret' }
  const read = readSettings({ DAGBOK_STORE, ...files }, (path) => `${path.slice(5)}\n`)
  expect(storePlace(read, '/data/artifacts')).toEqual({
    kind: 's3',
    address: {
      bucket: 'bucket',
      prefix: 'prefix/',
      region: 'eu-north-1',
      endpoint: null,
      publicEndpoint: null,
      pathStyle: false,
    },
    keys: { accessKeyId: 'id', secretAccessKey: 'secret' },
  })
  // Without a bucket it is none of our business what else is in the environment.
  const other = readSettings({ AWS_ACCESS_KEY_ID: 'id' }, noFiles)
  expect(storePlace(other, '/data/artifacts')).toEqual({ kind: 'folder', folder: '/data/artifacts' })
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
