import { Command } from 'commander'
import type { VersionDiff } from '#server/views/version.ts'
import { dagOf, dagPath } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'
import { versionDiffText } from '../../print/version-diff.ts'

export const versionDiff = (): Command =>
  new Command('diff')
    .description('Graph and code of one version of a DAG against another.')
    .argument('<DAG>')
    .argument('<BEFORE>', 'a version: v3, a branch, a tag or a commit')
    .argument('<AFTER>', 'the one that is held against it')
    .action(async (dag: string, a: string, b: string, options: { json?: true }) => {
      const diff = await (await signedInClient()).get<VersionDiff>(`${dagPath(dagOf(dag))}/diff`, { a, b })
      if (options.json) return sayJson(diff)
      say(versionDiffText(diff))
    })
