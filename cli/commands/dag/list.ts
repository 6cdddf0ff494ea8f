import { Command } from 'commander'
import type { z } from 'zod'
import { formatFault } from '#server/domain/notebook/fault.ts'
import { agoWords } from '#server/domain/words.ts'
import type { brokenNotebookSchema, DagSummary } from '#server/views/dag.ts'
import { dagWords } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { plain, say, sayJson, toned } from '../../print/output.ts'
import { table } from '../../print/table.ts'

interface DagList {
  dags: DagSummary[]
  broken: z.infer<typeof brokenNotebookSchema>[]
  gitUrl: string
}

function row({ ref, version, lastRuns, nextTick, faults, title }: DagSummary, now: number): string[] {
  const last = lastRuns.at(-1)
  return [
    dagWords(ref),
    version === null ? '' : `v${version.number}`,
    last === undefined ? '' : `${toned(last.state)} #${last.number}`,
    nextTick === null ? '' : agoWords(now - Date.parse(nextTick)),
    faults.length > 0 ? toned('failed', `has faults`) : plain(title ?? ''),
  ]
}

export const dagList = (): Command =>
  new Command('list')
    .description('DAGs with their newest version and last run, and notebooks that are none for their faults.')
    .action(async (options: { json?: true }) => {
      const list = await (await signedInClient()).get<DagList>('/dags')
      if (options.json) return sayJson(list)
      const { dags, broken, gitUrl } = list
      if (dags.length === 0 && broken.length === 0)
        return say(`There are no DAGs yet: push a repository with a notebook in it to ${gitUrl}/NAME.git.`)
      say(
        table(
          ['DAG', 'VERSION', 'LAST RUN', 'NEXT', ''],
          dags.map((dag) => row(dag, Date.now())),
        ),
      )
      const faults = [...dags.map((dag) => ({ ...dag.ref, ...dag })), ...broken]
      for (const { team, repo, faults: found } of faults)
        for (const fault of found) say(`${team}/${repo}: ${plain(formatFault(fault))}`)
    })
