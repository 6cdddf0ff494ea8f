/** A commit that changes one file of a branch's tip, made beside the branch: nothing moves until `moveBranch`. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DagbokError } from '../domain/errors/errors.ts'
import { isRefName, isSha, runGit, tryGit } from './run-git.ts'

export interface FileCommit {
  /** The commit that the change is made on. */
  parent: string
  path: string
  text: string
  message: string
  author: { name: string; email: string }
}

/** `path` must be there already; its mode stays. @returns the new commit. @throws DagbokError `bad_input` when nothing changes */
export async function commitFile(repository: string, commit: FileCommit): Promise<string> {
  const { parent, path, text, message, author } = commit
  if (!isSha(parent)) throw new DagbokError('not_found', 'There is no such commit.')
  const index = join(repository, `index.${randomUUID()}`)
  const git = async (args: string[], input?: string) => {
    const env = {
      GIT_INDEX_FILE: index,
      GIT_AUTHOR_NAME: author.name,
      GIT_AUTHOR_EMAIL: author.email,
      GIT_COMMITTER_NAME: author.name,
      GIT_COMMITTER_EMAIL: author.email,
    }
    const bytes = await runGit({ repository, args, env, ...(input === undefined ? {} : { input }) })
    return bytes.toString().trim()
  }
  try {
    await git(['read-tree', parent])
    const blob = await git(['hash-object', '-w', '--stdin'], text)
    const [mode] = (await git(['ls-files', '--stage', '--', `:(literal)${path}`])).split(' ')
    await git(['update-index', '--cacheinfo', `${mode},${blob},${path}`])
    const tree = await git(['write-tree'])
    if (tree === (await git(['rev-parse', `${parent}^{tree}`])))
      throw new DagbokError('bad_input', 'There is nothing to commit: the file is the same.')
    return await git(['commit-tree', tree, '-p', parent, '-F', '-'], message)
  } finally {
    await rm(index, { force: true })
  }
}

/** Moves a branch if it is still where it was; false when somebody else moved it meanwhile. */
export async function moveBranch(
  repository: string,
  ref: string,
  from: string,
  to: string,
): Promise<boolean> {
  if (!isRefName(ref) || !isSha(from) || !isSha(to))
    throw new DagbokError('bad_input', 'There is no such branch.')
  const { code } = await tryGit({ repository, args: ['update-ref', ref, to, from] })
  return code === 0
}
