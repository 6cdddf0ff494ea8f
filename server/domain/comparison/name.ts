/** `iris v1 ↔ v2`: the DAGs of runs side by side, and their versions. */
export function comparisonName(runs: readonly { dag: string; version: number }[]): string {
  const dags = new Set(runs.map((run) => run.dag))
  const versions = new Set(runs.map((run) => `v${run.version}`))
  return `${[...dags].join(', ')} ${[...versions].join(' ↔ ')}`
}
