import { Command } from 'commander'
import { agoWords } from '#server/domain/words.ts'
import type { ShareLink } from '#server/views/comparison.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson } from '../../print/output.ts'
import { table } from '../../print/table.ts'

function stateOf({ expiresAt, revokedAt }: ShareLink, now: number): string {
  if (revokedAt !== null) return 'revoked'
  return Date.parse(expiresAt) <= now ? 'expired' : `expires ${agoWords(now - Date.parse(expiresAt))}`
}

export const shareList = (): Command =>
  new Command('list').description('Share links, newest first.').action(async (options: { json?: true }) => {
    const links = await (await signedInClient()).get<(ShareLink & { runs: number })[]>('/share-links')
    if (options.json) return sayJson(links)
    if (links.length === 0) return say('There are no share links.')
    const now = Date.now()
    say(
      table(
        ['ID', 'RUNS', 'BY', 'MADE', ''],
        links.map((link) => [
          link.id,
          String(link.runs),
          plain(link.createdBy ?? ''),
          agoWords(now - Date.parse(link.createdAt)),
          stateOf(link, now),
        ]),
      ),
    )
  })
