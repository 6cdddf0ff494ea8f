import { Command } from 'commander'
import type { Backfill } from '#server/views/backfill.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { backfillTable } from '../../print/backfill.ts'
import { say, sayJson } from '../../print/output.ts'

export const backfillList = (): Command =>
  new Command('list')
    .description('Backfills of a DAG, newest first.')
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const backfills = await (await signedInClient()).get<Backfill[]>(`${dagPath(dagOf(text))}/backfills`)
      if (options.json) return sayJson(backfills)
      say(backfills.length === 0 ? 'There are no backfills.' : backfillTable(backfills, Date.now()))
    })
