import { expect, test } from 'vitest'
import { parseBenchArguments, usage } from './arguments.ts'

test('names may be spelled in any case; the rest is what a whole run does', () => {
  expect(parseBenchArguments(['p8', 'History'])).toEqual({
    names: ['p8', 'History'],
    quick: false,
    airflow: true,
    pairs: null,
    holdMinutes: 0,
    json: null,
  })
})

test('every option is taken', () => {
  const given = ['held', '--quick', '--no-airflow', '--pairs', '7', '--hold', '0.5', '--json', 'out.json']
  expect(parseBenchArguments(given)).toEqual({
    names: ['held'],
    quick: true,
    airflow: false,
    pairs: 7,
    holdMinutes: 0.5,
    json: 'out.json',
  })
})

test.each([
  [[], 'there is no workload named'],
  [['P8', 'P99'], "there is no workload 'P99'"],
  [['P8', '--pairs', '0'], "--pairs is '0': write a whole number, 1 or more"],
  [['P8', '--pairs', '1.5'], "--pairs is '1.5'"],
  [['P8', '--pairs', 'many'], "--pairs is 'many'"],
  [['held', '--hold', ''], "--hold is '': write minutes, 0 or more"],
  [['P8', '--fast'], "Unknown option '--fast'"],
])('%j is refused: %s', (args, says) => {
  expect(() => parseBenchArguments(args)).toThrow(says)
})

test('the usage names every workload', () => {
  for (const name of [
    'P1',
    'P2',
    'P3',
    'P4',
    'P5',
    'P6',
    'P8',
    'P9',
    'P14',
    'history',
    'held',
    'resume',
    'compute',
  ])
    expect(usage).toMatch(new RegExp(`^  ${name} `, 'm'))
})
