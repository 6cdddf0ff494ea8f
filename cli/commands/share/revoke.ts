import { Command } from 'commander'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'

export const shareRevoke = (): Command =>
  new Command('revoke')
    .description('End a share link: it opens nothing any more.')
    .argument('<ID>')
    .action(async (id: string, options: { json?: true }) => {
      const answer = await (await signedInClient()).delete<object>(`/share-links/${encodeURIComponent(id)}`)
      if (options.json) return sayJson(answer)
      say('The link opens nothing any more.')
    })
