import { Command } from 'commander'
import type { Backfill, BackfillDate } from '#server/views/backfill.ts'
import { backfillOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { backfillText, pageText } from '../../print/backfill.ts'
import { say, sayJson } from '../../print/output.ts'
import { withPage, type PageOptions } from './range.ts'

export const backfillView = (): Command =>
  withPage(
    new Command('view').description('A backfill, how far it is, and its dates.').argument('<BACKFILL>'),
  ).action(async (text: string, { limit, offset, json }: PageOptions & { json?: true }) => {
    const { dag, number } = backfillOf(text)
    const client = await signedInClient()
    const path = `${dagPath(dag)}/backfills/${number}`
    const backfill = await client.get<Backfill>(path)
    const dates = await client.get<BackfillDate[]>(`${path}/dates`, { limit, offset })
    if (json) return sayJson({ ...backfill, page: dates })
    const page = pageText(dates, offset, backfill.progress.dates)
    say([backfillText(backfill, dag, Date.now()), '', page].join('\n'))
  })
