import { Command } from 'commander'
import { agoWords } from '#server/domain/words.ts'
import type { WebhookView } from '#server/views/dag.ts'
import { dagWords } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson } from '../../print/output.ts'
import { table } from '../../print/table.ts'
import { withTeam } from '../pool/team.ts'

export const webhookList = (): Command =>
  withTeam(new Command('list').description('Webhooks of a team’s DAGs, without their secrets.')).action(
    async ({ team, json }: { team: string; json?: true }) => {
      const path = `/teams/${encodeURIComponent(team)}/webhooks`
      const hooks = await (await signedInClient()).get<WebhookView[]>(path)
      if (json) return sayJson(hooks)
      if (hooks.length === 0)
        return say('There are no webhooks: `dagbok webhook create DAG` makes the secret of one.')
      const now = Date.now()
      say(
        table(
          ['DAG', 'BY', 'MADE', 'URL'],
          hooks.map(({ dag, createdBy, createdAt, url }) => [
            dagWords(dag),
            plain(createdBy ?? ''),
            agoWords(now - Date.parse(createdAt)),
            url,
          ]),
        ),
      )
    },
  )
