/** A cut of P4 on a database with a million finished task runs, and on one without: in turn, a product and a Postgres for each. */
import { fillHistory } from '#db/testing/history.ts'
import { pushCut, runCut, tasksOf, type Cut } from './harness/cut.ts'
import { inTurn } from './harness/in-turn.ts'
import { withOwnDatabase } from './harness/own-database.ts'
import { compare, median, round, type Row } from './harness/statistics.ts'

/** @returns rows of the table. @throws when a run fails, or a task ran never, twice or early */
export async function besideHistory(options: { cut: Cut; rounds: number; history: number }): Promise<Row[]> {
  const { cut, rounds, history } = options
  return withOwnDatabase((empty) =>
    withOwnDatabase(async (full, sql) => {
      await Promise.all([pushCut(empty, cut), pushCut(full, cut)])
      process.stderr.write(`filling a database with ${history} task runs …\n`)
      const start = performance.now()
      const filled = await fillHistory(sql, history)
      const took = round((performance.now() - start) / 1000)
      const names = { full: `${filled} finished task runs`, empty: 'none' }
      const sides = [
        { name: names.full, once: () => runCut(full, cut) },
        { name: names.empty, once: () => runCut(empty, cut) },
      ]
      const values = await inTurn(
        sides,
        rounds,
        `${cut.dags} DAGs × ${cut.runs} runs, with history and without:`,
      )
      const rows: Row[] = [...values].map(([name, all]) => ({
        figure: `${tasksOf(cut)} tasks with: ${name}`,
        s: round(median(all) / 1000),
        'tasks/s': round((tasksOf(cut) / median(all)) * 1000),
        ...compare(all, { none: values.get(names.empty) }),
      }))
      return [...rows, { figure: 'filling it', s: took }]
    }),
  )
}
