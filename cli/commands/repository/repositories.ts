import { Command } from 'commander'
import type { RepositoryView } from '#server/views/common.ts'
import { firstTeam } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson } from '../../print/output.ts'
import { table } from '../../print/table.ts'

export const repositoryList = (): Command =>
  new Command('list')
    .description('Repositories, and the addresses that git clones them from.')
    .action(async ({ json }: { json?: true }) => {
      const all = await (await signedInClient()).get<RepositoryView[]>('/repositories')
      if (json) return sayJson(all)
      const rows = all.map(({ team, name, defaultBranch, gitUrl }) => [
        `${team}/${name}`,
        plain(defaultBranch ?? ''),
        gitUrl,
      ])
      say(table(['REPOSITORY', 'BRANCH', 'GIT'], rows))
    })

export const repositoryCreate = (): Command =>
  new Command('create')
    .description(
      'Make a repository; it is left as it is where it is there already. A push to a new name makes one, too.',
    )
    .argument('<NAME>')
    .option('--team <TEAM>', 'whose', firstTeam)
    .action(async (name: string, { team, json }: { team: string; json?: true }) => {
      const made = await (await signedInClient()).post<RepositoryView>('/repositories', { team, name })
      if (json) return sayJson(made)
      say(`${made.team}/${made.name} is there: git clone ${made.gitUrl}`)
    })
