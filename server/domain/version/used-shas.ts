/** One repository's commit in the place of another one of its: the same files are the same, wherever their commit's SHA stands. */
import { commitOf, folderOfCommit } from '../notebook/compile/uses.ts'
import type { BundleEntry } from './bundle.ts'

/** Folders of used commits by `TEAM/REPO`. */
function foldersOf(bundle: readonly BundleEntry[]): Map<string, Set<string>> {
  const out = new Map<string, Set<string>>()
  for (const { path } of bundle) {
    const used = commitOf(path)
    if (used === null) continue
    const name = `${used.team}/${used.repo}`
    out.set(name, (out.get(name) ?? new Set()).add(folderOfCommit(used)))
  }
  return out
}

/**
 * Takes the SHAs out of the paths in a text that are those of used commits, for a comparison of two versions. Of a
 * repository that one of them uses at several commits they stay: which task has which is not to be mixed up.
 */
export function withoutShas(
  before: readonly BundleEntry[],
  after: readonly BundleEntry[],
): (text: string) => string {
  const sides = [foldersOf(before), foldersOf(after)]
  const names = new Set(sides.flatMap((side) => [...side.keys()]))
  const taken = [...names]
    .filter((name) => sides.every((side) => (side.get(name)?.size ?? 0) <= 1))
    .flatMap((name) => sides.flatMap((side) => [...(side.get(name) ?? [])]))
  return (text) =>
    taken.reduce(
      (left, folder) => left.replaceAll(`${folder}/`, `${folder.slice(0, folder.lastIndexOf('/'))}/`),
      text,
    )
}
