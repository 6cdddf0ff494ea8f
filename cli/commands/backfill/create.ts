import { Command } from 'commander'
import type { Backfill } from '#server/views/backfill.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { collected, givenParams, type GivenParams } from '../../client/params.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { backfillText } from '../../print/backfill.ts'
import { say, sayJson } from '../../print/output.ts'
import { countOf, rangeOf, withRange, type RangeOptions } from './range.ts'

interface Options extends RangeOptions, GivenParams {
  concurrency: number
  json?: true
}

export const backfillCreate = (): Command =>
  withRange(
    new Command('create')
      .description(
        'Make runs for past dates of a schedule. `backfill preview` tells before what it would do.',
      )
      .argument('<DAG>'),
  )
    .option('--concurrency <N>', 'its runs that may be under way at once', countOf, 4)
    .option(
      '-p, --param <NAME=VALUE>',
      'a param, in the place of the schedule’s; may be given again',
      collected,
      {},
    )
    .option('--params-file <FILE>', 'params as JSON or YAML; `-` is stdin; -p comes before them')
    .action(async (text: string, options: Options) => {
      const dag = dagOf(text)
      const client = await signedInClient()
      const { params } = await givenParams(client, dag, options.version ?? null, options)
      const body = { ...rangeOf(options), concurrency: options.concurrency, params }
      const made = await client.post<Backfill>(`${dagPath(dag)}/backfills`, body)
      if (options.json) return sayJson(made)
      say(backfillText(made, dag, Date.now()))
    })
