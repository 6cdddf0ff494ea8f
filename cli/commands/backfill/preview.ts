import { Command } from 'commander'
import type { BackfillPreview } from '#server/views/backfill.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { previewText } from '../../print/backfill.ts'
import { say, sayJson } from '../../print/output.ts'
import { countOf, rangeOf, withRange, type RangeOptions } from './range.ts'

interface Options extends RangeOptions {
  limit: number
  json?: true
}

export const backfillPreview = (): Command =>
  withRange(
    new Command('preview')
      .description('What a backfill would do with each date; it does nothing.')
      .argument('<DAG>')
      .option('--limit <N>', 'dates that are printed, up to 500', countOf, 100),
  ).action(async (text: string, options: Options) => {
    const path = `${dagPath(dagOf(text))}/backfills/preview`
    const query = { ...rangeOf(options), limit: options.limit }
    const preview = await (await signedInClient()).get<BackfillPreview>(path, query)
    if (options.json) return sayJson(preview)
    say(previewText(preview))
  })
