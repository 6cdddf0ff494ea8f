import { Command } from 'commander'
import type { BackfillPreview } from '#server/views/backfill.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { previewText } from '../../print/backfill.ts'
import { say, sayJson } from '../../print/output.ts'
import { rangeOf, withPage, withRange, type PageOptions, type RangeOptions } from './range.ts'

interface Options extends RangeOptions, PageOptions {
  json?: true
}

export const backfillPreview = (): Command =>
  withPage(
    withRange(
      new Command('preview')
        .description('What a backfill would do with each date; it does nothing.')
        .argument('<DAG>'),
    ),
  ).action(async (text: string, options: Options) => {
    const { limit, offset, json } = options
    const path = `${dagPath(dagOf(text))}/backfills/preview`
    const query = { ...rangeOf(options), limit, offset }
    const preview = await (await signedInClient()).get<BackfillPreview>(path, query)
    if (json) return sayJson(preview)
    say(previewText(preview, offset))
  })
