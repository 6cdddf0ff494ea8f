import { Command } from 'commander'
import type { Pool } from '#server/views/pool.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'
import { table } from '../../print/table.ts'
import { poolsPath, withTeam } from './team.ts'

export const poolList = (): Command =>
  withTeam(
    new Command('list').description('Pools of a team, with the slots that are held and wanted.'),
  ).action(async ({ team, json }: { team: string; json?: true }) => {
    const pools = await (await signedInClient()).get<Pool[]>(poolsPath(team))
    if (json) return sayJson(pools)
    if (pools.length === 0)
      return say(
        'There are no pools: `dagbok pool set NAME SLOTS` makes one, `pool: NAME` of a task takes it.',
      )
    say(
      table(
        ['POOL', 'SLOTS', 'HELD', 'WANTED'],
        pools.map(({ name, slots, used, queued }) => [name, String(slots), String(used), String(queued)]),
      ),
    )
  })
