import { Command } from 'commander'
import { dagPath, versionOf } from '../../client/addresses.ts'
import { collected, givenParams, type GivenParams } from '../../client/params.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { followed, sayMade, type FollowOptions, type MadeRun } from './made.ts'

interface Options extends GivenParams, FollowOptions {
  force?: true
}

async function start(text: string, options: Options): Promise<void> {
  const { dag, version } = versionOf(text)
  const client = await signedInClient()
  const { params, schema } = await givenParams(client, dag, version, options)
  const { checkParams } = await import('#server/domain/run/params.ts')
  checkParams(schema, params)
  const body = {
    params,
    ...(version === null ? {} : { version }),
    ...(options.force ? { force: true } : {}),
  }
  await sayMade(client, dag, await client.post<MadeRun>(`${dagPath(dag)}/runs`, body), options)
}

export const runStart = (): Command =>
  followed(
    new Command('start')
      .description('Start a run of a version; without one, of the version at the tip of the default branch.')
      .argument('<DAG[@VERSION]>')
      .option(
        '-p, --param <NAME=VALUE>',
        'a param, read as its schema has it; may be given again',
        collected,
        {},
      )
      .option('--params-file <FILE>', 'params as JSON or YAML; `-` is stdin; -p comes before them')
      .option('--force', 'start it at once, whatever the limits and the strategy of the DAG say'),
  ).action(start)
