import { expect, test } from 'vitest'
import { planTick, type Reprocess, type TickPlan } from './backfill.ts'

test.each<[Reprocess, TickPlan[]]>([
  ['none', ['run', 'under_way', 'under_way', 'has_run', 'has_run', 'has_run']],
  ['failed', ['run', 'under_way', 'under_way', 'has_success', 'run', 'run']],
  ['completed', ['run', 'under_way', 'under_way', 'run', 'run', 'run']],
])('reprocess %s: without a run, queued, running, succeeded, failed, cancelled → %s', (reprocess, plans) => {
  const states = [null, 'queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
  expect(states.map((state) => planTick(reprocess, state))).toEqual(plans)
})
