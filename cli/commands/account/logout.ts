import { Command } from 'commander'
import { forgetAccount } from '../../client/account.ts'
import { say, sayJson } from '../../print/output.ts'

export const logout = (): Command =>
  new Command('logout')
    .description('Forget the kept token. It stays valid until it is revoked under Settings.')
    .action(async (options: { json?: true }) => {
      const forgotten = await forgetAccount()
      if (options.json) return sayJson({ forgotten })
      say(
        forgotten
          ? 'The token is forgotten here. It stays valid until it is revoked under Settings.'
          : 'There was no token to forget.',
      )
    })
