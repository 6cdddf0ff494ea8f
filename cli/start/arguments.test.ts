import { expect, test } from 'vitest'
import { parseStartArguments, startOptions, usage } from './arguments.ts'

test('without options, everything is left to the configuration', () => {
  expect(parseStartArguments([])).toEqual({
    port: null,
    host: null,
    dataDir: null,
    open: true,
    link: true,
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

test.each([
  [['--port', '70000'], '--port 70000 is not a port: give a number from 0 to 65535.'],
  [['--port', 'many'], '--port many is not a port'],
  [['--port'], "Option '--port <value>' argument missing."],
  [['--prot', '1'], "Unknown option '--prot'."],
  [['stray'], "Unexpected argument 'stray'."],
])('%j is refused in one line that says how to go on', (args, says) => {
  const refused = () => parseStartArguments(args)
  expect(refused).toThrow(says)
  expect(refused).toThrow(/^[^\n]*npm start -- --help lists the options\.$/)
})

test('the help has a line for each option, and for nothing else', () => {
  const told = [...usage.matchAll(/^ {2}--([a-z-]+) /gm)].map(([, name]) => name)
  expect(new Set(told)).toEqual(new Set(Object.keys(startOptions)))
})
