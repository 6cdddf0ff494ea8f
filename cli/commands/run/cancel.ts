import { Command } from 'commander'
import { dagWords, runOf } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { say, sayJson } from '../../print/output.ts'

export const runCancel = (): Command =>
  new Command('cancel')
    .description(
      'Ask for the end of a run: its clean-up still runs. Called again, it ends the run without the clean-up.',
    )
    .argument('<RUN>')
    .action(async (text: string, options: { json?: true }) => {
      const address = runOf(text)
      const client = await signedInClient()
      const run = await readRun(client, address)
      const answer = await client.post<object>(`/runs/${run.id}/cancel`)
      if (options.json) return sayJson(answer)
      const how = run.cancelling ? 'ends without its clean-up' : 'is being cancelled'
      say(`Run ${run.number} of ${dagWords(run.dag)} ${how}: ${run.url}`)
    })
