import { Command } from 'commander'
import { dagOf, dagPath, dagWords } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'

export const webhookRevoke = (): Command =>
  new Command('revoke')
    .description('End a DAG’s webhook: its secret is good for nothing any more.')
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const dag = dagOf(text)
      const answer = await (await signedInClient()).delete<object>(`${dagPath(dag)}/webhook`)
      if (options.json) return sayJson(answer)
      say(`The webhook of ${dagWords(dag)} starts nothing any more.`)
    })
