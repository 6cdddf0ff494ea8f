import { Command, Option } from 'commander'
import type { ReusePlan } from '#server/views/run.ts'
import { runOf, taskRunOf } from '../../client/addresses.ts'
import { UsageError } from '../../client/failure.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { sayPlan } from '../../print/plan.ts'
import { followed, sayMade, type FollowOptions, type MadeRun } from './made.ts'

interface Options extends FollowOptions {
  from?: string
  item?: string
  dryRun?: true
}

/** What runs again besides what did not succeed. @throws UsageError */
function choiceOf({ from, item }: Options): { task?: string; key?: string } {
  if (item !== undefined) {
    const { task, key } = taskRunOf(item)
    if (key === null) throw new UsageError(`--item ${item} names no item: write TASK[KEY].`)
    return { task, key }
  }
  if (from === undefined) return {}
  const { task, key } = taskRunOf(from)
  return key === null ? { task } : { task, key }
}

async function recover(text: string, options: Options): Promise<void> {
  const address = runOf(text)
  const choice = choiceOf(options)
  const client = await signedInClient()
  const run = await readRun(client, address)
  const path = `/runs/${run.id}/recover`
  if (options.dryRun) return sayPlan(await client.get<ReusePlan>(path, choice), options.json === true)
  await sayMade(client, run.dag, await client.post<MadeRun>(path, choice), options)
}

export const runRecover = (): Command =>
  followed(
    new Command('recover')
      .description(
        'A new run of the same version and params that takes over what succeeded, and runs what did not, with all that comes after it.',
      )
      .argument('<RUN>')
      .option('--from <TASK>', 'run this task again, too, and all that comes after it')
      .addOption(
        new Option('--item <TASK[KEY]>', 'run this item of an expanded task again, too').conflicts('from'),
      )
      .option('--dry-run', 'print what would be taken over and what would run, and why; make no run'),
  ).action(recover)
