import { expect, test } from 'vitest'
import { masked } from '../secret/secret-matcher.ts'
import { attemptEvents, isSecret, recordOf, type Handed } from './attempt-record.ts'

const given = (more: Partial<Handed>): Handed => ({
  params: {},
  action: { kind: 'command', command: ['x'], args: [] },
  env: {},
  inputs: {},
  folder: '',
  timeout: null,
  startTimeout: null,
  memory: null,
  ...more,
})

test.each([
  ['PUBLISH_TOKEN', true],
  ['TOKEN', true],
  ['DB_PASSWORD', true],
  ['AWS_SECRET_ACCESS_KEY', true],
  ['DAGBOK_PARAM_API_KEY', true],
  ['SECRETARY', false],
  ['TOKENIZER', false],
  ['DAGBOK_PARAM_KEY_COLUMN', false],
  ['PATH', false],
])('%s holds a secret: %s', (name, secret) => expect(isSecret(name)).toBe(secret))

test('[S6] a secret is in no part of a record', () => {
  const secret = 'hunter22'
  const record = recordOf(
    given({
      env: { PUBLISH_TOKEN: secret, URL: `https://x:${secret}@y`, PIN_TOKEN: '1' },
      action: { kind: 'command', command: ['push', `--token=${secret}`], args: [secret] },
      params: { how: [{ with: secret }] },
      inputs: { all: { kind: 'json', value: { a: secret } } },
    }),
  )
  expect(JSON.stringify(record)).not.toContain(secret)
  expect(record.env).toEqual({ PUBLISH_TOKEN: masked, URL: `https://x:${masked}@y`, PIN_TOKEN: masked })
  expect(record.action).toMatchObject({ command: ['push', `--token=${masked}`] })
})

test('a record is bounded, and says what it leaves out', () => {
  const blob = { path: 'a.csv', hash: 'f'.repeat(64), size: 1 }
  const record = recordOf(
    given({
      env: { LONG: 'x'.repeat(30_000) },
      inputs: {
        all: { kind: 'folder', items: Array.from({ length: 5000 }, (_, i) => ({ ...blob, key: String(i) })) },
      },
    }),
  )
  expect(record.env['LONG']).toMatch(/… \(10000 characters more\)$/)
  expect(record.inputs['all']).toMatchObject({ kind: 'folder', count: 5000 })
  expect(JSON.stringify(record).length).toBeLessThan(300_000)
})

test('a script is its language and arguments: its text is the version’s', () => {
  const script = { kind: 'script' as const, lang: 'bash', text: 'echo', args: ['a'] }
  expect(recordOf(given({ action: script })).action).toEqual({ kind: 'script', lang: 'bash', args: ['a'] })
})

test('of what an executor is handed nothing else is kept: no fencing token', () => {
  const job = { ...given({}), token: 'a-token', attemptId: 'an-id' }
  expect(recordOf(job)).toEqual(given({}))
})

test('events come in order, with what others did meanwhile', () => {
  const at = (s: number) => new Date(s * 1000).toISOString()
  const times = { created: at(0), submitted: at(1), started: at(2), ended: at(4) }
  const events = attemptEvents(times, 'the worker on box', 'It failed.', [{ at: at(3), what: 'Marked.' }])
  expect(events.map(({ what }) => what)).toEqual([
    'Claimed for the worker on box.',
    'Its process was ready and waited for its start gate.',
    'The start gate was passed: its code began.',
    'Marked.',
    'It failed.',
  ])
  const open = attemptEvents({ ...times, submitted: null, started: null, ended: null }, 'w', '', [])
  expect(open).toHaveLength(1)
})

test('[R18] a record holds nothing that a database refuses: no NUL, and no half of a character', () => {
  const long = `${'x'.repeat(19_999)}😀 and more`
  const record = recordOf(
    given({
      env: { SEP: '\0', LONG: long },
      params: { list: [{ 'a\0b': '\0' }], long },
      inputs: { all: { kind: 'json', value: { 'k\0': ['\ud83d'] } } },
    }),
  )
  const text = JSON.stringify(record)
  expect(text).not.toMatch(/\\u0000|\\ud83d|\\ud8/)
  expect(record.env['SEP']).toBe('\ufffd')
})
