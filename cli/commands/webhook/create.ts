import { Command } from 'commander'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson, warn } from '../../print/output.ts'

export const webhookCreate = (): Command =>
  new Command('create')
    .description('Make a DAG’s webhook, or a new secret for it. The secret is printed this once.')
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const path = `${dagPath(dagOf(text))}/webhook`
      const hook = await (await signedInClient()).post<{ url: string; secret: string }>(path)
      if (options.json) return sayJson(hook)
      say(`url     ${hook.url}\nsecret  ${hook.secret}`)
      warn('The secret is shown this once; an earlier one is good for nothing now.')
    })
