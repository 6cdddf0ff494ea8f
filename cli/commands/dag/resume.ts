import { Command } from 'commander'
import { dagOf, dagPath, dagWords } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'

export const dagResume = (): Command =>
  new Command('resume')
    .description('Let a paused DAG start by itself again.')
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const dag = dagOf(text)
      const answer = await (await signedInClient()).post<object>(`${dagPath(dag)}/resume`)
      if (options.json) return sayJson(answer)
      say(`${dagWords(dag)} starts by itself again.`)
    })
