/** A run of two tasks, one after the other, which something is to happen to. */
import { podBarrier, podStarts } from '../../../testing/kubernetes-crew.ts'
import { cell, type Trial } from '../../conformance/trial.ts'

/** How often the code of each attempt of a run has begun, by task and number. */
export async function begins(
  trial: Trial,
  run: string,
  counts: ReadonlyMap<string, number>,
): Promise<Record<string, number>> {
  const rows = await trial.db.client<{ id: string; name: string }[]>`
    select a.id, t.task || ' ' || a.n as name from attempt a join task_run t on t.id = a.task_run_id where a.run_id = ${run}`
  return Object.fromEntries(rows.map(({ id, name }) => [name, counts.get(id) ?? 0]))
}

/** How such a run ends when nothing is lost. */
export const whole = {
  state: 'succeeded',
  logs: ['one\ntwo\n', 'three\n'],
  begins: { 'hold 1': 1, 'after 1': 1 },
}

/** It is under way, and its first task waits until `open`. */
export async function underWay(trial: Trial, dag: string) {
  const { wait, open } = await podBarrier()
  const { say, counts } = await podStarts()
  await trial.push(dag, [
    cell('id: hold', 'bash', `${say}; echo one; ${wait}; echo two`),
    cell('id: after\nneeds: [hold]', 'bash', `${say}; echo three`),
  ])
  const { run } = await trial.spoken(dag)
  const end = async () => {
    const { state } = await trial.shop.ended(dag, 1)
    const logs = [await trial.shop.log(run, 'hold'), await trial.shop.log(run, 'after')]
    return { state, logs, begins: await begins(trial, run, counts) }
  }
  return { run, open, end }
}
