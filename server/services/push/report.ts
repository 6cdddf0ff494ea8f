/** What a good push prints: per DAG that changed, its version, what changed, and where to look. */
import { isDeepStrictEqual } from 'node:util'
import type { RepositoryRow } from '#db/queries/repository.ts'
import type { Spec } from '../../domain/dag/spec.ts'
import { graphDiff } from '../../domain/version/graph-diff.ts'

export interface DagChange {
  /** Full name. */
  ref: string
  dagId: string
  dag: string
  versionId: string
  number: number
  /** Number at this ref before, or at the default branch where the ref is new; null for a DAG that is new there. */
  before: number | null
  beforeSpec: Spec | null
  spec: Spec
}

const plural = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`

/** Parts of the front matter that a push tells of by name. */
const frontMatter = ['params', 'schedule', 'on', 'limits', 'tests'] as const

function words(change: DagChange): string {
  if (change.beforeSpec === null) return `new, ${plural(change.spec.tasks.length, 'task')}`
  const { beforeSpec, spec } = change
  const diff = graphDiff(beforeSpec, spec)
  const parted = frontMatter.filter((key) => !isDeepStrictEqual(beforeSpec[key], spec[key]))
  const parts = (['added', 'removed', 'changed'] as const).flatMap((kind) => {
    const ids = diff.filter((task) => task.change === kind).map((task) => task.id)
    if (ids.length === 0) return []
    return [`${kind} ${ids.length > 5 ? plural(ids.length, 'task') : ids.join(', ')}`]
  })
  if (parted.length > 0) parts.push(`other ${parted.join(', ')}`)
  return parts.length === 0 ? 'same tasks, other files' : parts.join('; ')
}

export function reportOf(
  publicUrl: string,
  repository: Pick<RepositoryRow, 'team' | 'name'>,
  changes: readonly DagChange[],
  runs: readonly { dag: string; number: number | null }[],
): string[] {
  const lines = changes.flatMap((change) => {
    const base = `${publicUrl}/${repository.team}/${repository.name}/${change.dag}`
    const seen = [
      `${change.dag} v${change.number}: ${words(change)}`,
      `  ${base}/versions?version=${change.number}`,
    ]
    return change.before === null || change.before === change.number
      ? seen
      : [...seen, `  compare with v${change.before}: ${base}/versions?a=${change.before}&b=${change.number}`]
  })
  const started = runs.map((run) =>
    run.number === null
      ? `${run.dag}: not run, since it has params without a default`
      : `${run.dag} run ${run.number}: ${publicUrl}/${repository.team}/${repository.name}/${run.dag}/runs/${run.number}`,
  )
  return [...lines, ...started]
}
