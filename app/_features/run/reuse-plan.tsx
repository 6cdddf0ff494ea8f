'use client'

import type { ReusePlan } from '#server/views/run.ts'

/** What is taken over and what runs, each with its reason; what runs comes first. */
export function PlanList({ plan }: { plan: ReusePlan }) {
  const runs = plan.filter((item) => !item.reused)
  const sorted = [...runs, ...plan.filter((item) => item.reused)]
  return (
    <details open={plan.length <= 12}>
      <summary>
        <b>{runs.length}</b> of {plan.length} task runs will run, <b>{plan.length - runs.length}</b> are taken
        over
      </summary>
      <ul className="plan" aria-label="Plan">
        {sorted.map(({ task, key, reused, why }) => (
          <li key={`${task} ${key}`} className={reused ? 'muted' : ''}>
            <b>
              {task} {key}
            </b>{' '}
            {reused ? 'taken over' : 'runs'}: {why}
          </li>
        ))}
      </ul>
    </details>
  )
}
