/** What the files of a commit must not be, whether it is pushed or used by a component's cell. */
import { isProgram } from '../../domain/notebook/program.ts'
import { linksOut } from '../../domain/version/links.ts'
import type { TreeEntry } from '../../git/tree.ts'
import type { Quarantine } from '../../git/run-git.ts'
import type { ServiceContext } from '../context.ts'

/** Files of a commit, bytes of one of them, of a program and of a link's text, that a push may have. */
const limits = { files: 100_000, bytes: 512 * 2 ** 20, program: 2 * 2 ** 20, link: 4096 }

/** @returns a sentence for each thing that is not taken */
export async function checkTree(
  ctx: ServiceContext,
  repositoryId: string,
  entries: readonly TreeEntry[],
  quarantine: Quarantine | null,
): Promise<string[]> {
  const errors: string[] = []
  if (entries.length > limits.files)
    errors.push(`the commit has ${entries.length} files, more than the ${limits.files} that are taken`)
  for (const entry of entries) {
    if (entry.kind === 'commit')
      errors.push(`${entry.path} is a submodule, which is not taken: commit the files themselves`)
    const most = isProgram(entry.path) ? limits.program : limits.bytes
    if (entry.size > most)
      errors.push(`${entry.path} has ${entry.size} bytes, more than the ${most} that are taken`)
  }
  const links = entries.filter((entry) => entry.mode === '120000')
  const texts = await ctx.repositories.blobs(
    repositoryId,
    links.map((link) => link.blob),
    quarantine,
    limits.link,
  )
  // One that is too long to be read has no text, and leads nowhere.
  const targets = new Map(links.map(({ path, blob }) => [path, texts.get(blob)?.toString('utf8') ?? '']))
  for (const path of linksOut(targets))
    errors.push(`${path} is a link out of the repository, or round in a circle (${targets.get(path)})`)
  return errors
}
