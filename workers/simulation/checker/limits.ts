/** Pools and limits, looked at whenever something takes a place. */
import type { Change, Rows, Tables } from '../store/tables.ts'

const holds = ({ state }: Pick<Rows['taskRun'], 'state'>) => state === 'starting' || state === 'running'

function itemFaults(tables: Tables, item: Rows['taskRun'], parallelism: number | null): string[] {
  const out: string[] = []
  const active = [...tables.taskRun.values()].filter(holds)
  if (parallelism !== null && active.length > parallelism)
    out.push(`${item.id}: ${active.length} tasks of the deployment run, ${parallelism} may`)
  const pool = [...tables.pool.values()].find(({ teamId, name }) => `${teamId}/${name}` === item.pool)
  if (item.pool !== null) {
    const used = active.reduce((sum, one) => sum + (one.pool === item.pool ? one.slots : 0), 0)
    if (used > (pool?.slots ?? 0))
      out.push(`${item.id}: pool ${item.pool} has ${pool?.slots ?? 0} slots, ${used} are taken`)
  }
  const run = tables.run.get(item.runId)
  const spec = tables.version.get(run?.versionId ?? '')?.spec
  const most = spec?.limits.max_active_tasks ?? null
  const ofVersion = active.filter((one) => {
    const other = tables.run.get(one.runId)
    return other?.versionId === run?.versionId && other?.state === 'running'
  }).length
  if (most !== null && ofVersion > most)
    out.push(`${item.id}: ${ofVersion} tasks of ${run?.versionId} run, ${most} may`)
  const parallel = spec?.tasks.find(({ id }) => id === item.task)?.map?.max_parallel ?? null
  const twins = active.filter((one) => one.runId === item.runId && one.task === item.task).length
  if (parallel !== null && twins > parallel) out.push(`${item.id}: ${twins} items run, ${parallel} may`)
  return out
}

function runFaults(tables: Tables, run: Rows['run']): string[] {
  if (run.forced) return []
  const limits = tables.version.get(run.versionId)?.spec.limits
  if (limits === undefined) return []
  const parallel = limits.strategy === 'parallel'
  const running = [...tables.run.values()].filter(
    ({ dagId, versionId, state }) =>
      state === 'running' && (parallel ? versionId === run.versionId : dagId === run.dagId),
  ).length
  const most = parallel ? limits.max_active_runs : 1
  return running > most ? [`${run.id}: ${running} runs of ${run.dagId} run, ${most} may`] : []
}

/** What of a commit takes a place that is not there. @param parallelism of the deployment */
export function limitFaults(
  tables: Tables,
  changes: readonly Change[],
  parallelism: number | null,
): string[] {
  return changes.flatMap(({ table, before, after }) => {
    if (table === 'taskRun' && after !== null) {
      const item = after as Rows['taskRun']
      const took = holds(item) && (before === undefined || !holds(before as Rows['taskRun']))
      return took ? itemFaults(tables, item, parallelism) : []
    }
    if (table === 'run' && after !== null) {
      const run = after as Rows['run']
      const admitted = run.state === 'running' && (before as Rows['run'] | undefined)?.state !== 'running'
      return admitted ? runFaults(tables, run) : []
    }
    return []
  })
}
