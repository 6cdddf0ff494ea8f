/** DAGs of chance, with most of what a notebook can say, compiled by the product's compiler. */
import { scheduleSchema, type Spec } from '#server/domain/dag/spec.ts'
import type { Json } from '#server/domain/json.ts'
import { compile } from '#server/domain/notebook/compile.ts'
import { runStrategies, triggerRules } from '#server/domain/run/states.ts'
import { Random } from './random.ts'

export interface MadeDag {
  spec: Spec
  /** ms between two ticks, and whether missed ones are caught up; null without a schedule. */
  ticks: { every: number; catchup: boolean; lastMs: number } | null
}

type Doc = Record<string, Json>

const seconds = (random: Random, from: number, to: number) => `${random.int(from, to)}s`

function attemptKeys(random: Random): Doc {
  const task: Doc = { command: ['work'] }
  if (random.chance(0.3)) {
    task['retries'] = random.int(1, 3)
    task['retry_delay'] = seconds(random, 0, 3)
    if (random.chance(0.4)) task['retry_backoff'] = { factor: 2, max: '5s', jitter: 0.5 }
    if (random.chance(0.2)) task['retry_if'] = '${{ exit_code != 4 }}'
  }
  if (random.chance(0.2)) task['timeout'] = seconds(random, 1, 8)
  if (random.chance(0.1)) task['deadline'] = seconds(random, 5, 30)
  if (random.chance(0.1)) task['queue_timeout'] = seconds(random, 5, 40)
  if (random.chance(0.1)) task['skip_exit_codes'] = [3]
  if (random.chance(0.1)) task['fail_exit_codes'] = [2]
  if (random.chance(0.3)) {
    task['pool'] = random.pick(['gpu', 'io'])
    if (random.chance(0.3)) task['slots'] = 2
  }
  if (random.chance(0.1)) task['start_timeout'] = seconds(random, 1, 5)
  if (random.chance(0.4)) {
    task['executor'] = 'pool'
    if (random.chance(0.75)) task['queue'] = 'far'
  }
  if (random.chance(0.2)) task['priority'] = random.int(-1, 3)
  return task
}

function expansion(random: Random, earlier: readonly string[]): Doc {
  const kind = random.int(0, 2)
  if (kind === 0)
    return {
      matrix: {
        k: random.pick([
          [1, 2],
          [1, 2, 3],
        ]),
      },
    }
  const from = earlier.at(-1)
  const over =
    kind === 1 || from === undefined
      ? random.pick(['${{ [] }}', '${{ [1] }}', '${{ [1, 2] }}', '${{ [1, 2, 3] }}'])
      : `\${{ tasks['${from}'].values.list }}`
  const needs = kind === 2 && from !== undefined ? { needs: [from] } : {}
  if (random.chance(0.5)) return { ...needs, map: over }
  return { ...needs, map: { over, max_parallel: random.int(1, 2) } }
}

function way(random: Random): Doc {
  const chance = random.next()
  const onTimeout = random.pick(['fail', 'skip'])
  if (chance < 0.08)
    return { approve: { message: 'Go on?', timeout: seconds(random, 5, 40), on_timeout: onTimeout } }
  if (chance < 0.14) return { wait: { for: seconds(random, 0, 8), timeout: '20s', on_timeout: onTimeout } }
  if (chance < 0.22)
    return {
      ...attemptKeys(random),
      poll: { every: seconds(random, 1, 4), timeout: seconds(random, 10, 30), not_ready_exit_codes: [1] },
    }
  return attemptKeys(random)
}

function task(random: Random, id: string, earlier: readonly string[]): Doc {
  const needs = earlier.filter(() => random.chance(1.6 / (earlier.length + 1)))
  const own = way(random)
  const expands = !('approve' in own || 'wait' in own) && random.chance(0.2)
  const more = expands ? expansion(random, earlier) : {}
  return {
    id,
    ...(needs.length > 0 ? { needs } : {}),
    ...(needs.length > 0 && random.chance(0.35) ? { trigger_rule: random.pick(triggerRules) } : {}),
    ...(random.chance(0.15) ? { if: random.pick(['${{ 1 < 2 }}', '${{ 2 < 1 }}']) } : {}),
    ...(random.chance(0.1) ? { allow_failure: true } : {}),
    ...(random.chance(0.06) ? { latest_only: true } : {}),
    ...(random.chance(0.06) ? { depends_on_past: true, queue_timeout: '20s' } : {}),
    ...own,
    ...more,
  }
}

/** A set-up with what it undoes, around one of the tasks; and a last task. */
function cleanup(random: Random, tasks: readonly Doc[]): Doc[] {
  const out: Doc[] = []
  const chosen = random.pick(tasks)
  if (random.chance(0.3)) {
    const covered = chosen['id'] as string
    chosen['needs'] = ['up', ...((chosen['needs'] as string[] | undefined) ?? [])]
    out.push({ id: 'up', command: ['up'], setup_for: [covered] })
    out.push({
      id: 'down',
      needs: [covered],
      command: ['down'],
      teardown_for: ['up'],
      cleanup_timeout: seconds(random, 5, 30),
    })
  }
  if (random.chance(0.3))
    out.push({ id: 'bye', command: ['bye'], finally: true, cleanup_timeout: seconds(random, 5, 30) })
  return out
}

function limits(random: Random): Doc {
  const strategy = random.chance(0.5) ? 'parallel' : random.pick(runStrategies)
  return {
    strategy,
    ...(strategy === 'parallel' ? { max_active_runs: random.int(1, 4) } : {}),
    ...(random.chance(0.4) ? { max_active_tasks: random.int(1, 4) } : {}),
    ...(random.chance(0.15) ? { run_timeout: seconds(random, 20, 90) } : {}),
  }
}

/** Shapes that there are: to compile one takes longer than to simulate a run of it. */
const shapes = 1000
const compiled = new Map<number, Spec>()

function shapeOf(number: number): Spec {
  const known = compiled.get(number)
  if (known !== undefined) return known
  const random = new Random(number)
  const ids: string[] = []
  const tasks: Doc[] = []
  for (let i = random.int(1, 6); i > 0; i--) {
    const id = `t${ids.length}`
    tasks.push(task(random, id, ids))
    ids.push(id)
  }
  tasks.push(...cleanup(random, tasks))
  const text = JSON.stringify({ dagbok: 1, id: 'd', limits: limits(random), tasks })
  const { spec, faults } = compile({ path: 'd.dag.yaml', text, readFile: () => null })
  if (spec === null) throw new Error(`${text}: ${JSON.stringify(faults)}`)
  compiled.set(number, spec)
  return spec
}

/** @param now the database's clock; ms */
export function makeDag(random: Random, now: number, scheduled: boolean): MadeDag {
  const spec = shapeOf(random.int(1, shapes))
  if (!scheduled) return { spec, ticks: null }
  const ticks = {
    every: random.pick([2000, 5000, 10_000]),
    catchup: random.chance(0.5),
    lastMs: now + random.int(6, 22) * 1000,
  }
  const schedule = scheduleSchema.parse({
    cron: null,
    every: ticks.every,
    timezone: 'UTC',
    start_date: null,
    catchup: ticks.catchup,
    params: {},
    end_date: new Date(ticks.lastMs).toISOString().replace(/\.\d+/, ''),
  })
  return { spec: { ...spec, schedule: [schedule] }, ticks }
}
