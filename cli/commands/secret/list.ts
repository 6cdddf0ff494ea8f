import { Command } from 'commander'
import { agoWords } from '#server/domain/words.ts'
import type { SecretView } from '#server/views/secret.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson } from '../../print/output.ts'
import { table } from '../../print/table.ts'
import { withTeam } from '../pool/team.ts'
import { secretsPath } from './path.ts'

export const secretList = (): Command =>
  withTeam(new Command('list').description('Secrets of a team, without their values.')).action(
    async ({ team, json }: { team: string; json?: true }) => {
      const secrets = await (await signedInClient()).get<SecretView[]>(secretsPath(team))
      if (json) return sayJson(secrets)
      if (secrets.length === 0)
        return say(
          'There are no secrets: `dagbok secret set NAME` makes one, `secrets: [NAME]` of a task takes it.',
        )
      const now = Date.now()
      say(
        table(
          ['SECRET', 'SET', 'BY', ''],
          secrets.map(({ name, setAt, setBy, readable }) => [
            name,
            agoWords(now - Date.parse(setAt)),
            plain(setBy ?? ''),
            readable ? '' : 'kept with another key: set it anew',
          ]),
        ),
      )
    },
  )
