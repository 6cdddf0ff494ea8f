/**
 * The worker process, which has the scheduler, is killed (SIGKILL) in the middle of a cut of P4. The supervisor starts it
 * again. How long until the next task starts, and whether anything was run twice.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { endedAttempts } from '#db/testing/history.ts'
import {
  chainOfRun,
  pushCut,
  runCut,
  startCut,
  tasksOf,
  timesPrinted,
  untilCutIsOver,
  type Cut,
} from './harness/cut.ts'
import { withOwnDatabase } from './harness/own-database.ts'
import { descendants, processNamed } from './harness/processes.ts'
import type { Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { median, quantile, round, type Row } from './harness/statistics.ts'
import { wallMs } from './harness/wall-clock.ts'

interface Resumed {
  /** ms from the kill to the first start of a task after it, and from the first run's start to the last one's end. */
  next: number
  total: number
  /** Attempts beyond the first of their task. */
  more: number
  /** Tasks whose code ran to its line in more than one attempt. */
  twice: number
}

/** @throws when a run did not succeed, a task began early, or an attempt printed its line twice */
async function judge(product: Product, ids: Map<string, string[]>, killed: number): Promise<Resumed> {
  let [first, last, next, more, twice] = [Infinity, 0, Infinity, 0, 0]
  for (const run of [...ids.values()].flat()) {
    const { created, ended, tasks } = await chainOfRun(product, run)
    first = Math.min(first, created)
    last = Math.max(last, ended)
    for (const { task, attempts } of tasks) {
      let ran = 0
      for (const { n, startedAt } of attempts) {
        const at = Date.parse(startedAt ?? '')
        if (at > killed) next = Math.min(next, at)
        const often = Number.isNaN(at) ? 0 : await timesPrinted(product, run, task, n)
        if (often > 1)
          throw new Error(`attempt ${n} of ${task} of run ${run} printed its line ${often} times`)
        ran += often
      }
      if (ran === 0) throw new Error(`${task} of run ${run} succeeded and never printed its line`)
      more += attempts.length - 1
      if (ran > 1) twice++
    }
  }
  return { next: next - killed, total: last - first, more, twice }
}

/** @returns rows of the table. @throws as `judge`, or when a run fails */
export async function afterKill({ rounds, ...cut }: Cut & { rounds: number }): Promise<Row[]> {
  return withOwnDatabase(async (product, sql) => {
    await pushCut(product, cut)
    const undisturbed = await runCut(product, cut)
    const all: Resumed[] = []
    const progress = new Progress('cut with a kill', rounds)
    for (let i = 0; i < rounds; i++) {
      const before = await endedAttempts(sql)
      const starting = startCut(product, cut)
      while ((await endedAttempts(sql)) - before < tasksOf(cut) / 3) await pause(20)
      const worker = await processNamed(await descendants(product.pid), 'workers/main.ts')
      process.kill(worker, 'SIGKILL')
      const killed = wallMs()
      const ids = await starting
      await untilCutIsOver(product, ids)
      all.push(await judge(product, ids, killed))
      progress.step()
    }
    progress.end()
    const next = all.map((one) => one.next)
    const sum = (key: 'more' | 'twice') => all.reduce((n, one) => n + one[key], 0)
    const tasks = tasksOf(cut)
    return [
      {
        figure: `killed after a third of ${tasks} tasks → next task starts`,
        'p50 ms': round(median(next)),
        'most ms': round(quantile(next, 1)),
      },
      { figure: 'all tasks, with the kill', 'p50 ms': round(median(all.map(({ total }) => total))) },
      { figure: 'all tasks, without one', 'p50 ms': round(undisturbed) },
      { figure: `second attempts, of ${rounds} × ${tasks} tasks`, count: sum('more') },
      { figure: 'tasks whose code ran twice', count: sum('twice') },
    ]
  })
}
