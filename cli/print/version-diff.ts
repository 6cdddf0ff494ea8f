/** Code and graph of one version against another, in lines. */
import { createTwoFilesPatch } from 'diff'
import type { FileDiff, VersionDiff } from '#server/views/version.ts'
import { dim, plain, toned } from './output.ts'

/** ms after which two texts are too different to be told line by line. */
const longestMs = 2000

const signs = { added: '+', removed: '-', changed: '~', same: ' ' } as const

function patchOf({ path, change, before, after, addedLines, removedLines }: FileDiff): string {
  const head = `${signs[change]} ${plain(path)} ${dim(`+${addedLines} -${removedLines}`)}`
  const [was, is] = [change === 'added' ? '' : before, change === 'removed' ? '' : after]
  if (was === null || is === null) return `${head}\nIt is no text, or a long one: only its change is told.`
  const [a, b] = [
    change === 'added' ? '/dev/null' : `a/${path}`,
    change === 'removed' ? '/dev/null' : `b/${path}`,
  ]
  const patch = createTwoFilesPatch(a, b, was, is, '', '', { context: 3, timeout: longestMs })
  if (patch === undefined) return `${head}\nThe two are too different to be told line by line.`
  const lines = patch
    .trimEnd()
    .split('\n')
    .filter((line) => !line.startsWith('====='))
  const tone = (line: string) =>
    line.startsWith('+')
      ? toned('succeeded', plain(line))
      : line.startsWith('-')
        ? toned('failed', plain(line))
        : plain(line)
  return [head, ...lines.map(tone)].join('\n')
}

export function versionDiffText({ before, after, files, graph }: VersionDiff): string {
  const changed = graph.tasks.filter((task) => task.change !== 'same')
  const tasks = changed.map(({ id, change, renamedFrom, changed: keys }) => {
    const was = renamedFrom === null ? '' : `, was ${renamedFrom}`
    return `${signs[change]} ${id}${was}${keys.length === 0 ? '' : ` (${keys.join(', ')})`}`
  })
  return [
    `v${before.number} ${dim(before.commit.slice(0, 7))} ${plain(before.subject)} → v${after.number} ${dim(after.commit.slice(0, 7))} ${plain(after.subject)}`,
    '',
    ...(tasks.length === 0 ? ['the same tasks'] : tasks),
    ...(files.length === 0 ? ['the same files'] : files.flatMap((file) => ['', patchOf(file)])),
  ].join('\n')
}
