import { Command } from 'commander'
import { dagOf, dagPath, dagWords } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'

export const dagPause = (): Command =>
  new Command('pause')
    .description('Let nothing start a DAG by itself; runs that are there go on, and people may start others.')
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const dag = dagOf(text)
      const answer = await (await signedInClient()).post<object>(`${dagPath(dag)}/pause`)
      if (options.json) return sayJson(answer)
      say(`${dagWords(dag)} is paused: \`dagbok dag resume ${text}\` ends that.`)
    })
