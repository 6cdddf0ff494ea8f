/** What a Recover or Fork takes over, and what it runs. */
import type { ReusePlan } from '#server/views/run.ts'
import { dim, plain, say, sayJson, toned } from './output.ts'
import { taskWords } from './run.ts'
import { table } from './table.ts'

export function planText(plan: ReusePlan): string {
  const runs = plan.filter((item) => !item.reused).length
  const rows = plan.map((item) => {
    const words = [taskWords(item), item.reused ? 'taken over' : toned('running', 'runs'), plain(item.why)]
    return item.reused ? words.map(dim) : words
  })
  return [
    `${runs} of ${plan.length} task runs would run, ${plan.length - runs} would be taken over.`,
    '',
    table(['TASK', '', 'WHY'], rows),
  ].join('\n')
}

export const sayPlan = (plan: ReusePlan, json: boolean): void => (json ? sayJson(plan) : say(planText(plan)))
