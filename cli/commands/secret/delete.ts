import { Command } from 'commander'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'
import { withTeam } from '../pool/team.ts'
import { secretPath } from './path.ts'

export const secretDelete = (): Command =>
  withTeam(
    new Command('delete')
      .description('Delete a secret. Tasks that name it fail from then on; what runs with it goes on.')
      .argument('<NAME>'),
  ).action(async (name: string, { team, json }: { team: string; json?: true }) => {
    const answer = await (await signedInClient()).delete<object>(secretPath(team, name))
    if (json) return sayJson(answer)
    say(`Secret ${name} of ${team} is gone.`)
  })
