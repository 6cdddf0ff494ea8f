import { Command } from 'commander'
import { dagWords, runOf } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { say, sayJson } from '../../print/output.ts'
import type { StartedRun } from './start.ts'

export const runRerun = (): Command =>
  new Command('rerun')
    .description('Run it again: the same params, on the same version or another.')
    .argument('<RUN>')
    .option('--version <VERSION>', 'the other version: v3, a branch, a tag or a commit')
    .action(async (text: string, { version, json }: { version?: string; json?: true }) => {
      const address = runOf(text)
      const client = await signedInClient()
      const run = await readRun(client, address)
      const made = await client.post<StartedRun>(
        `/runs/${run.id}/rerun`,
        version === undefined ? {} : { version },
      )
      if (json) return sayJson(made)
      say(`Started run ${made.number} of ${dagWords(run.dag)}: ${made.url}`)
    })
