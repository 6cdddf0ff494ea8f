import { Command } from 'commander'
import { runOf } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { followed, sayMade, type FollowOptions, type MadeRun } from './made.ts'

interface Options extends FollowOptions {
  version?: string
}

export const runRerun = (): Command =>
  followed(
    new Command('rerun')
      .description('Run all of it again: the same params, on the same version or another.')
      .argument('<RUN>')
      .option('--version <VERSION>', 'the other version: v3, a branch, a tag or a commit'),
  ).action(async (text: string, { version, ...options }: Options) => {
    const address = runOf(text)
    const client = await signedInClient()
    const run = await readRun(client, address)
    const body = version === undefined ? {} : { version }
    await sayMade(client, run.dag, await client.post<MadeRun>(`/runs/${run.id}/rerun`, body), options)
  })
