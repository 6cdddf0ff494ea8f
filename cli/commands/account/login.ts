import { Command } from 'commander'
import { cliEnvironment } from '#server/config/cli.ts'
import { defaultUrl, keepAccount, keptAccount, productUrl } from '../../client/account.ts'
import { askHidden } from '../../client/ask-hidden.ts'
import { UsageError } from '../../client/failure.ts'
import { RestClient } from '../../client/rest-client.ts'
import { plain, say, sayJson, warn } from '../../print/output.ts'

interface Me {
  name: string
  email: string
  teams: { name: string; role: string }[]
}

export const login = (): Command =>
  new Command('login')
    .description('Keep an address and a token for the commands that ask a Dagbok.')
    .option('--url <URL>', `where it is (default: DAGBOK_URL, what was kept, or ${defaultUrl})`)
    .option('--token <TOKEN>', 'a token; without it, it is asked for, or read from stdin')
    .action(async (options: { url?: string; token?: string; json?: true }) => {
      const environment = cliEnvironment()
      const kept = await keptAccount(environment).catch(() => null)
      const url = productUrl(options.url ?? environment.url ?? kept?.url ?? defaultUrl)
      const token = (
        options.token ?? (await askHidden(`Token for ${url} (make one under Settings there): `))
      ).trim()
      if (token === '') throw new UsageError('There is no token: make one under Settings, and paste it here.')
      if (/[^\x21-\x7e]/.test(token))
        throw new UsageError('This is no token: one has no spaces in it and only plain letters.')
      const me = await new RestClient({ url, token }).get<Me>('/me')
      const file = await keepAccount({ url, token }, environment)
      if (environment.token !== null) warn('DAGBOK_TOKEN is set, and comes before what was kept now.')
      if (options.json) return sayJson({ url, ...me })
      say(`Signed in at ${url} as ${plain(me.name)}. The token is kept in ${file}.`)
    })
