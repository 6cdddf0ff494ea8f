import { expect, test } from 'vitest'
import { parseStartArguments } from './arguments.ts'

test('without options, everything is left to the configuration', () => {
  expect(parseStartArguments([])).toEqual({
    port: null,
    host: null,
    dataDir: null,
    open: true,
    examples: true,
    readyFile: null,
    help: false,
  })
})

test('options are taken as they are written', () => {
  expect(
    parseStartArguments(['--port', '0', '--host', '::1', '--no-open', '--ready-file', '/tmp/r']),
  ).toMatchObject({ port: 0, host: '::1', open: false, readyFile: '/tmp/r' })
})

test.each([['--port', '70000'], ['--port', 'many'], ['--prot', '1'], ['stray']])(
  '%s %s is refused with the usage',
  (...args) => {
    expect(() => parseStartArguments(args)).toThrow('usage: npm start')
  },
)
