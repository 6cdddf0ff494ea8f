import { Command } from 'commander'
import type { AuditEntryView } from '#server/views/audit.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { auditTable } from '../../print/audit.ts'
import { say, sayJson } from '../../print/output.ts'

export const dagAudit = (): Command =>
  new Command('audit')
    .description(
      'What people did to a DAG and its runs (marks, answers, cancels, pauses, backfills): newest first.',
    )
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const path = `${dagPath(dagOf(text))}/audit`
      const entries = await (await signedInClient()).get<AuditEntryView[]>(path)
      if (options.json) return sayJson(entries)
      if (entries.length === 0) return say('Nothing was done to it yet.')
      say(auditTable(entries))
    })
