/**
 * A cut of P4 while a transaction is held open in the same database, beside the cut before it. What dies meanwhile cannot be
 * vacuumed: a queue that lives on updates gets slower with every minute. With minutes to hold, cut follows cut under the
 * same transaction, and the last one counts.
 */
import { holdTransaction } from '#db/testing/history.ts'
import { pushCut, runCut, tasksOf, type Cut } from './harness/cut.ts'
import { withOwnDatabase } from './harness/own-database.ts'
import { Progress } from './harness/progress.ts'
import { compare, median, round, type Row } from './harness/statistics.ts'

interface Held {
  cut: Cut
  rounds: number
  /** How long the transaction is held at least; it ends with the cut that is under way then. */
  minutes: number
}

/** @returns rows of the table. @throws when a run fails, or a task ran never, twice or early */
export async function whileHeld({ cut, rounds, minutes }: Held): Promise<Row[]> {
  return withOwnDatabase(async (product, sql) => {
    await pushCut(product, cut)
    await runCut(product, cut)
    const free: number[] = []
    const held: number[] = []
    const lasted: number[] = []
    const progress = new Progress('cuts without and with a held transaction:', rounds)
    for (let i = 0; i < rounds; i++) {
      free.push(await runCut(product, cut))
      const release = await holdTransaction(sql)
      const start = performance.now()
      const seconds = () => (performance.now() - start) / 1000
      let last = Number.NaN
      do last = await runCut(product, cut)
      while (seconds() < minutes * 60)
      await release()
      held.push(last)
      lasted.push(seconds())
      progress.step()
    }
    progress.end()
    const row = (figure: string, values: number[]): Row => ({
      figure,
      s: round(median(values) / 1000),
      'tasks/s': round((tasksOf(cut) / median(values)) * 1000),
      ...compare(values, { free }),
    })
    return [
      row(`${tasksOf(cut)} tasks, a transaction held for ${round(median(lasted))} s`, held),
      row(`${tasksOf(cut)} tasks, none held`, free),
    ]
  })
}
