import { Command } from 'commander'
import { agoWords } from '#server/domain/words.ts'
import type { WorkerTokenView } from '#server/views/worker.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson, warn } from '../../print/output.ts'
import { table } from '../../print/table.ts'

interface Options {
  team: string
  json?: true
}

const pathOf = (team: string) => `/teams/${encodeURIComponent(team)}/worker-tokens`

export const workerTokenCreate = (): Command =>
  new Command('create')
    .description('Make a token for workers of a team: it is printed once, and good for nothing else.')
    .argument('<NAME>', 'which workers it is for')
    .option('--team <TEAM>', 'whose tasks they carry out', 'main')
    .action(async (name: string, { team, json }: Options) => {
      const made = await (await signedInClient()).post<{ id: string; secret: string }>(pathOf(team), { name })
      if (json) return sayJson(made)
      say(made.secret)
      warn('It is not shown again. Start a worker with it: DAGBOK_WORKER_TOKEN=… dagbok worker --server URL')
    })

export const workerTokenList = (): Command =>
  new Command('list')
    .description('Tokens of workers, without their secrets.')
    .option('--team <TEAM>', 'whose', 'main')
    .action(async ({ team, json }: Options) => {
      const tokens = await (await signedInClient()).get<WorkerTokenView[]>(pathOf(team))
      if (json) return sayJson(tokens)
      if (tokens.length === 0) return say('There are no tokens of workers.')
      const now = Date.now()
      say(
        table(
          ['ID', 'NAME', 'TOKEN', 'BY', 'MADE'],
          tokens.map((one) => [
            one.id,
            plain(one.name),
            `${one.prefix}…`,
            plain(one.createdBy ?? ''),
            agoWords(now - Date.parse(one.createdAt)),
          ]),
        ),
      )
    })

export const workerTokenRevoke = (): Command =>
  new Command('revoke')
    .description('Revoke a token of workers: those that came with it are refused from then on.')
    .argument('<ID>', 'of `worker-token list`')
    .option('--team <TEAM>', 'whose', 'main')
    .action(async (id: string, { team, json }: Options) => {
      await (await signedInClient()).delete(`${pathOf(team)}/${encodeURIComponent(id)}`)
      if (json) return sayJson({})
      say('Revoked.')
    })
