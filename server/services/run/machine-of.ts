import type { RunViewRow, taskRunsOf } from '#db/queries/run-view.ts'
import type { Spec } from '../../domain/dag/spec.ts'
import type { Machine } from '../../domain/run/machine.ts'
import { makePlan } from '../../domain/run/plan.ts'
import { restoreMachine } from '../../domain/run/restore.ts'

type TaskRow = Awaited<ReturnType<typeof taskRunsOf>>[number]

/** A run as the core sees it, of what is written of it. */
export function machineOf(row: RunViewRow, spec: Spec, rows: readonly TaskRow[]): Machine {
  const inOrder = rows.toSorted((a, b) => a.index - b.index)
  const run = { state: row.state, stopping: row.stopping, dueAt: row.dueAt?.getTime() ?? null }
  return restoreMachine(
    makePlan(spec.tasks, spec.limits.run_timeout),
    run,
    inOrder.map(({ task, key, dueAt, readyAt, heldAt, ...one }) => ({
      task,
      key,
      state: {
        ...one,
        dueAt: dueAt?.getTime() ?? null,
        readyAt: readyAt?.getTime() ?? null,
        heldAt: heldAt?.getTime() ?? null,
      },
    })),
  )
}
