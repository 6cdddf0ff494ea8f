/** Which DAGs are listed for what is typed, in which order. */
import type { DagSummary } from '#server/views/dag.ts'

/** Its newest run failed, or its branch has faults. */
export const failing = (dag: DagSummary): boolean =>
  dag.lastRuns.at(-1)?.state === 'failed' || dag.faults.length > 0

/** DAGs that have every typed word in place, title or tags; failing ones first, then by name. */
export function findDags(dags: readonly DagSummary[], typed: string): DagSummary[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const textOf = ({ ref, title, tags }: DagSummary) =>
    `${ref.team}/${ref.repo}/${ref.dag} ${title ?? ''} ${tags.join(' ')}`.toLowerCase()
  return dags
    .filter((dag) => words.every((word) => textOf(dag).includes(word)))
    .toSorted((a, b) => Number(failing(b)) - Number(failing(a)))
}
