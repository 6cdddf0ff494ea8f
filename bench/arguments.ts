/** What `npm run bench` is asked for. */
import { parseArgs } from 'node:util'
import { workloadOf, workloads, type Options } from './workloads.ts'

export const usage = [
  'usage: npm run bench -- NAME … [--quick] [--pairs N] [--hold MINUTES] [--no-airflow] [--json FILE]',
  ...[...workloads].map(([name, { what }]) => `  ${name.padEnd(8)} ${what}`),
].join('\n')

export interface Asked extends Options {
  names: string[]
  /** Where the JSON goes; null: to the screen. */
  json: string | null
}

/** @throws when it is no number, or not one of these */
function numberOf(name: string, text: string | undefined, is: (value: number) => boolean, words: string) {
  if (text === undefined) return null
  const value = Number(text)
  if (text.trim() === '' || !is(value)) throw new Error(`--${name} is '${text}': write ${words}`)
  return value
}

const isCount = (value: number) => Number.isInteger(value) && value > 0

/** @throws with a sentence when it cannot be understood */
export function parseBenchArguments(args: string[]): Asked {
  const { positionals, values } = parseArgs({
    args,
    allowPositionals: true,
    allowNegative: true,
    options: {
      quick: { type: 'boolean', default: false },
      airflow: { type: 'boolean', default: true },
      pairs: { type: 'string' },
      hold: { type: 'string' },
      json: { type: 'string' },
    },
  })
  if (positionals.length === 0) throw new Error('there is no workload named')
  const unknown = positionals.find((name) => workloadOf(name) === null)
  if (unknown !== undefined) throw new Error(`there is no workload '${unknown}'`)
  return {
    names: positionals,
    quick: values.quick,
    airflow: values.airflow,
    pairs: numberOf('pairs', values.pairs, isCount, 'a whole number, 1 or more'),
    holdMinutes:
      numberOf('hold', values.hold, (value) => value >= 0 && value < Infinity, 'minutes, 0 or more') ?? 0,
    json: values.json ?? null,
  }
}
