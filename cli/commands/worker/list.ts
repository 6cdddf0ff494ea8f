import { Command } from 'commander'
import { agoWords, machineOf, workerWords } from '#server/domain/words.ts'
import type { WorkerView } from '#server/views/worker.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson } from '../../print/output.ts'
import { table } from '../../print/table.ts'

export const workerList = (): Command =>
  new Command('list')
    .description('Workers of a team’s pool, newest first.')
    .option('--team <TEAM>', 'whose', 'main')
    .action(async ({ team, json }: { team: string; json?: true }) => {
      const workers = await (
        await signedInClient()
      ).get<WorkerView[]>(`/teams/${encodeURIComponent(team)}/workers`)
      if (json) return sayJson(workers)
      if (workers.length === 0) return say('There are no workers.')
      const now = Date.now()
      say(
        table(
          ['MACHINE', 'QUEUES', 'BUSY', 'STARTED', ''],
          workers.map((one) => [
            plain(machineOf(one.host)),
            one.queues.join(' '),
            `${one.held}/${one.slots}`,
            agoWords(now - Date.parse(one.startedAt)),
            workerWords(one),
          ]),
        ),
      )
    })
