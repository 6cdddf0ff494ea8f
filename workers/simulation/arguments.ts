/** What `npm run simulate` understands. */
import { parseArgs } from 'node:util'

export const usage = `usage: npm run simulate -- [--seeds N] [--from SEED] [--first] [--mutants [--only TEXT]] [--report FILE]
       npm run simulate -- --seed SEED

  --seeds N      so many seeds; 20,000, and with --mutants none
  --from SEED    the first of them; 1
  --first        ends with the first seed that is broken
  --mutants      takes guards out of the product, one at a time: each must be caught
  --only TEXT    only mutants whose name has this in it
  --report FILE  writes what passed and failed there, as JSON
  --seed SEED    one seed again, with its whole history`

export interface SimulationOptions {
  /** One seed, told whole; null: many. */
  seed: number | null
  /** null: as many as the other options ask for. */
  seeds: number | null
  from: number
  first: boolean
  mutants: boolean
  only: string
  report: string | null
}

function whole(name: string, text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`--${name} takes a whole number, not '${text}'`)
  return Number(text)
}

/** @throws Error with a sentence; null: the usage was asked for */
export function simulationOptions(args: readonly string[]): SimulationOptions | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: 'string' },
      seeds: { type: 'string' },
      from: { type: 'string', default: '1' },
      first: { type: 'boolean', default: false },
      mutants: { type: 'boolean', default: false },
      only: { type: 'string', default: '' },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  if (values.help) return null
  return {
    ...values,
    seed: values.seed === undefined ? null : whole('seed', values.seed),
    seeds: values.seeds === undefined ? null : whole('seeds', values.seeds),
    from: whole('from', values.from),
    report: values.report ?? null,
  }
}
