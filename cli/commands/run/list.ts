import { Command, InvalidArgumentError, Option } from 'commander'
import { runStates } from '#server/domain/run/states.ts'
import type { RunSummary } from '#server/views/dag.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'
import { runTable } from '../../print/run.ts'

interface Options {
  state?: string
  version?: string
  limit: number
  json?: true
}

function limitOf(text: string): number {
  const limit = Number(text)
  if (!Number.isInteger(limit) || limit < 1 || limit > 200)
    throw new InvalidArgumentError('Give a number from 1 to 200.')
  return limit
}

export const runList = (): Command =>
  new Command('list')
    .description('Runs of a DAG, newest first.')
    .argument('<DAG>')
    .addOption(new Option('--state <STATE>', 'only those in this state').choices(runStates))
    .option('--version <VERSION>', 'only those of this version')
    .option('--limit <N>', 'so many at most, up to 200', limitOf, 30)
    .action(async (text: string, { json, ...query }: Options) => {
      const dag = dagOf(text)
      const runs = await (await signedInClient()).get<RunSummary[]>(`${dagPath(dag)}/runs`, { ...query })
      if (json) return sayJson(runs)
      say(runs.length === 0 ? 'There are no such runs.' : runTable(runs, Date.now()))
    })
