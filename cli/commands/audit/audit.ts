import { Command } from 'commander'
import type { TeamAuditEntryView } from '#server/views/audit.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { auditTable } from '../../print/audit.ts'
import { say, sayJson } from '../../print/output.ts'

export const audit = (): Command =>
  new Command('audit')
    .description('Who did what in a team: marks, answers, cancels, pools, tokens of workers; newest first.')
    .option('--team <TEAM>', 'whose', 'main')
    .action(async ({ team, json }: { team: string; json?: true }) => {
      const path = `/teams/${encodeURIComponent(team)}/audit`
      const entries = await (await signedInClient()).get<TeamAuditEntryView[]>(path)
      if (json) return sayJson(entries)
      if (entries.length === 0) return say('Nothing was done yet.')
      say(auditTable(entries, ({ dag }) => (dag === null ? '' : `${dag.repo}/${dag.dag}`)))
    })
