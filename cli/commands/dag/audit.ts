import { Command } from 'commander'
import type { z } from 'zod'
import { agoWords } from '#server/domain/words.ts'
import type { auditEntrySchema } from '#server/views/dag.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { dim, plain, say, sayJson } from '../../print/output.ts'
import { table } from '../../print/table.ts'

export const dagAudit = (): Command =>
  new Command('audit')
    .description('Who paused, resumed or backfilled a DAG, or made its webhook: newest first.')
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const path = `${dagPath(dagOf(text))}/audit`
      const entries = await (await signedInClient()).get<z.infer<typeof auditEntrySchema>[]>(path)
      if (options.json) return sayJson(entries)
      if (entries.length === 0) return say('Nothing was done to it yet.')
      const now = Date.now()
      say(
        table(
          ['VERB', 'BY', 'AT', ''],
          entries.map(({ verb, by, createdAt, details }) => [
            verb,
            plain(by ?? 'Dagbok'),
            agoWords(now - Date.parse(createdAt)),
            Object.keys(details).length === 0 ? '' : dim(plain(JSON.stringify(details))),
          ]),
        ),
      )
    })
