import { Command, InvalidArgumentError, Option } from 'commander'
import { agoWords } from '#server/domain/words.ts'
import type { TokenView } from '#server/views/common.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson, warn } from '../../print/output.ts'
import { table } from '../../print/table.ts'

interface Made {
  days?: number
  expiry: boolean
  json?: true
}

function daysOf(text: string): number {
  const days = Number(text)
  if (!Number.isInteger(days) || days < 1 || days > 3650)
    throw new InvalidArgumentError('Write a whole number of days, 1 to 3650.')
  return days
}

export const tokenCreate = (): Command =>
  new Command('create')
    .description('Make a token of yours, for REST and as the password of git: it is printed once.')
    .argument('<NAME>', 'what it is for')
    .addOption(new Option('--days <N>', 'days that it is good for (default: 90)').argParser(daysOf))
    .addOption(new Option('--no-expiry', 'it is good until it is revoked').conflicts('days'))
    .action(async (name: string, { days, expiry, json }: Made) => {
      const body = { name, ...(days === undefined ? {} : { days }), ...(expiry ? {} : { days: null }) }
      const made = await (await signedInClient()).post<{ id: string; secret: string }>('/tokens', body)
      if (json) return sayJson(made)
      say(made.secret)
      warn('It is not shown again.')
    })

export const tokenList = (): Command =>
  new Command('list')
    .description('Your tokens, without their secrets.')
    .action(async ({ json }: { json?: true }) => {
      const tokens = await (await signedInClient()).get<TokenView[]>('/tokens')
      if (json) return sayJson(tokens)
      const now = Date.now()
      const ago = (time: string | null, never: string) =>
        time === null ? never : agoWords(now - Date.parse(time))
      say(
        table(
          ['ID', 'NAME', 'TOKEN', 'MADE', 'USED', 'ENDS'],
          tokens.map((one) => [
            one.id,
            plain(one.name),
            `${one.prefix}…`,
            ago(one.createdAt, ''),
            ago(one.lastUsedAt, 'never'),
            ago(one.expiresAt, 'never'),
          ]),
        ),
      )
    })

export const tokenRevoke = (): Command =>
  new Command('revoke')
    .description('Revoke a token of yours: it is refused from then on.')
    .argument('<ID>', 'of `token list`')
    .action(async (id: string, { json }: { json?: true }) => {
      await (await signedInClient()).delete(`/tokens/${encodeURIComponent(id)}`)
      if (json) return sayJson({})
      say('Revoked.')
    })
