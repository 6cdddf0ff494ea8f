/** Airflow from an empty database and an empty home to a green run: what its `standalone` does, without the triggerer. */
import { withPostgres } from '../postgres-floor.ts'
import { atRest, descendants, type Rest } from '../processes.ts'
import { startAirflow } from './airflow.ts'
import { chainGraph } from './graphs.ts'
import { installAirflow } from './install.ts'

export interface ColdAirflow {
  /** ms from `initdb` of its Postgres: until it is healthy and lists its DAG, and until a run of one task is over. */
  ready: number
  green: number
  /** With Postgres. null: nobody asked. */
  idle: Rest | null
}

/** @param idleSeconds how long it is watched at rest; 0: not. @throws with the reason when it cannot be had */
export async function startColdAirflow(idleSeconds: number): Promise<ColdAirflow> {
  await installAirflow()
  const graph = chainGraph('first', 1, 'true')
  const start = performance.now()
  return withPostgres(async (server) => {
    const airflow = await startAirflow(server, [graph], {})
    try {
      const ready = performance.now() - start
      const run = await airflow.trigger(graph)
      const { triggered, ended } = await airflow.ended(graph, run)
      const pids = [...(await airflow.pids()), ...(await descendants(server.pid))]
      const idle = idleSeconds > 0 ? await atRest(pids, idleSeconds) : null
      return { ready, green: ready + ended - triggered, idle }
    } finally {
      await airflow.stop()
    }
  })
}
