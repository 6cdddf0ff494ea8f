import { Command } from 'commander'
import type { VersionSummary } from '#server/views/version.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { dim, plain, say, sayJson, toned } from '../../print/output.ts'
import { table } from '../../print/table.ts'

const branch = (ref: string) => ref.replace(/^refs\/(heads|tags)\//, '')

export const versionList = (): Command =>
  new Command('list')
    .description('Versions of a DAG, newest first.')
    .argument('<DAG>')
    .action(async (dag: string, options: { json?: true }) => {
      const path = `${dagPath(dagOf(dag))}/versions`
      const versions = await (await signedInClient()).get<VersionSummary[]>(path)
      if (options.json) return sayJson(versions)
      say(
        table(
          ['VERSION', 'COMMIT', 'AUTHOR', 'SUBJECT', 'AT', 'RUNS', 'LAST RUN'],
          versions.map(({ number, commit, author, subject, refs, runs, lastRun }) => [
            `v${number}`,
            dim(commit.slice(0, 7)),
            plain(author),
            plain(subject),
            plain(refs.map(branch).join(', ')),
            String(runs),
            lastRun === null ? '' : `${toned(lastRun.state)} #${lastRun.number}`,
          ]),
        ),
      )
      for (const { number, images } of versions)
        for (const { image, digest, drift } of images)
          if (drift !== null)
            say(
              `\nv${number}: ${plain(image)} stays ${digest}; since ${drift.seenAt} its name means ${drift.digest}`,
            )
    })
