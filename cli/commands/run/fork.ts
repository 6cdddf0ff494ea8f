import { Command } from 'commander'
import type { ReusePlan } from '#server/views/run.ts'
import { runOf } from '../../client/addresses.ts'
import { UsageError } from '../../client/failure.ts'
import { collected, givenParams, type GivenParams } from '../../client/params.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { sayPlan } from '../../print/plan.ts'
import { followed, sayMade, type FollowOptions, type MadeRun } from './made.ts'

interface Options extends GivenParams, FollowOptions {
  version?: string
  dryRun?: true
}

async function fork(text: string, options: Options): Promise<void> {
  const address = runOf(text)
  const differs = options.version !== undefined || options.paramsFile !== undefined
  if (!differs && Object.keys(options.param).length === 0)
    throw new UsageError('Say what differs: --version VERSION, or -p NAME=VALUE.')
  const client = await signedInClient()
  const run = await readRun(client, address)
  const version = options.version ?? `v${run.version.number}`
  const { params } = await givenParams(client, run.dag, version, options)
  const path = `/runs/${run.id}/fork`
  const body = { version, params }
  if (options.dryRun)
    return sayPlan(await client.post<ReusePlan>(`${path}/preview`, body), options.json === true)
  await sayMade(client, run.dag, await client.post<MadeRun>(path, body), options)
}

export const runFork = (): Command =>
  followed(
    new Command('fork')
      .description(
        'A new run of another version, or with other params, that takes over what would come out the same.',
      )
      .argument('<RUN>')
      .option('--version <VERSION>', 'the other version: v3, a branch, a tag or a commit')
      .option('-p, --param <NAME=VALUE>', 'a param that is another; may be given again', collected, {})
      .option('--params-file <FILE>', 'params as JSON or YAML; `-` is stdin; -p comes before them')
      .option('--dry-run', 'print what would be taken over and what would run, and why; make no run'),
  ).action(fork)
