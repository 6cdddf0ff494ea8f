import { Command } from 'commander'
import type { DagDetail } from '#server/views/dag.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'
import { dagText } from '../../print/dag.ts'

export const dagView = (): Command =>
  new Command('view')
    .description('A DAG: its version, what starts it by itself, and when next.')
    .argument('<DAG>')
    .action(async (text: string, options: { json?: true }) => {
      const dag = await (await signedInClient()).get<DagDetail>(dagPath(dagOf(text)))
      if (options.json) return sayJson(dag)
      say(dagText(dag, Date.now()))
    })
