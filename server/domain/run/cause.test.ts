import { expect, test } from 'vitest'
import { whyThere, type Cause } from './cause.ts'

const nothing = { by: null, forced: false, schedule: null, logicalDate: null, backfill: null, causes: [] }
const cause: Cause = { run: 'r', number: 12, repo: 'sales', dag: 'fetch', task: null, output: null }

test.each<
  [Partial<Parameters<typeof whyThere>[0]> & Pick<Parameters<typeof whyThere>[0], 'trigger'>, string]
>([
  [{ trigger: 'manual', by: 'Ines' }, 'Started by Ines.'],
  [
    { trigger: 'api', by: 'Ines', forced: true },
    'Started over the API by Ines, at once, whatever other runs there were.',
  ],
  [
    { trigger: 'schedule', schedule: '0 6 * * * UTC', logicalDate: '2026-01-31T06:00:00.000Z' },
    'Scheduled for 2026-01-31T06:00:00.000Z by 0 6 * * * UTC.',
  ],
  [{ trigger: 'backfill', backfill: 3, logicalDate: 'D' }, 'Made by backfill 3 for D.'],
  [{ trigger: 'webhook' }, 'Triggered by its webhook.'],
  [{ trigger: 'success_of', causes: [cause] }, 'Triggered by success of sales/fetch run 12.'],
  [
    {
      trigger: 'outputs',
      causes: [
        { ...cause, task: 't', output: 'table' },
        { ...cause, task: 'u', output: 'x' },
      ],
    },
    'Triggered by publication of sales/fetch.t.table of run 12 and sales/fetch.u.x of run 12.',
  ],
])('%j is there: %s', (given, sentence) => {
  expect(whyThere({ ...nothing, ...given })).toBe(sentence)
})
