import { Command } from 'commander'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'
import { poolPath, withTeam } from './team.ts'

export const poolDelete = (): Command =>
  withTeam(
    new Command('delete')
      .description('Remove a pool. Tasks that name it wait until it is there again.')
      .argument('<NAME>'),
  ).action(async (name: string, { team, json }: { team: string; json?: true }) => {
    const answer = await (await signedInClient()).delete<object>(poolPath(team, name))
    if (json) return sayJson(answer)
    say(`Pool ${name} of ${team} is gone: tasks that name it wait until it is there again.`)
  })
