import { Command } from 'commander'
import type { Backfill, BackfillDate } from '#server/views/backfill.ts'
import { backfillOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { backfillText, datesTable } from '../../print/backfill.ts'
import { say, sayJson } from '../../print/output.ts'
import { countOf } from './range.ts'

export const backfillView = (): Command =>
  new Command('view')
    .description('A backfill, how far it is, and its dates.')
    .argument('<BACKFILL>')
    .option('--limit <N>', 'dates that are printed, up to 500', countOf, 100)
    .action(async (text: string, { limit, json }: { limit: number; json?: true }) => {
      const { dag, number } = backfillOf(text)
      const client = await signedInClient()
      const path = `${dagPath(dag)}/backfills/${number}`
      const backfill = await client.get<Backfill>(path)
      const dates = await client.get<BackfillDate[]>(`${path}/dates`, { limit })
      if (json) return sayJson({ ...backfill, page: dates })
      say([backfillText(backfill, dag, Date.now()), '', datesTable(dates)].join('\n'))
    })
