/**
 * The slow oracle: the final states of a DAG, worked out cell by cell and parent by parent from engine.md and notebook.md
 * (N7, N8), with nothing of the core's own rules, retries or components.
 */
import type { TriggerRule } from '../states.ts'
import type { DrawnDag, DrawnTask, Own } from './drawn-dag.ts'

type Over = 'succeeded' | 'failed' | 'upstream_failed' | 'skipped'

export interface Final {
  state: Over
  reason: string | null
  attempts: number
}

/** A task as a run has it: components are gone. */
export interface Inlined {
  /** `t3`, or `t3.u1` inside a component. */
  id: string
  own: Own
  rule: TriggerRule
  needs: string[]
  /** Its items, those of a cell together. */
  width: number
  /** The component under whose matrix it stands, and its items in each cell of that. */
  joined: string | null
  inCell: number
  final: boolean
}

const bad = (state: Over) => state === 'failed' || state === 'upstream_failed'

/**
 * The published sentence of each rule, over the final states of all parents; and what a task becomes when it does not
 * hold. Written anew from Airflow's documentation.
 */
const sentences: Record<
  TriggerRule,
  { holds: (parents: Over[]) => boolean; else: (parents: Over[]) => Over }
> = {
  all_success: {
    holds: (all) => all.every((s) => s === 'succeeded'),
    else: (all) => (all.some(bad) ? 'upstream_failed' : 'skipped'),
  },
  all_failed: { holds: (all) => all.every(bad), else: () => 'skipped' },
  all_done: { holds: () => true, else: () => 'skipped' },
  all_done_min_one_success: {
    holds: (all) => !all.includes('skipped') && all.includes('succeeded'),
    else: (all) => (all.includes('skipped') ? 'skipped' : 'upstream_failed'),
  },
  all_skipped: { holds: (all) => all.every((s) => s === 'skipped'), else: () => 'skipped' },
  one_failed: { holds: (all) => all.some(bad), else: () => 'skipped' },
  one_success: {
    holds: (all) => all.includes('succeeded'),
    else: (all) => (all.some(bad) ? 'upstream_failed' : 'skipped'),
  },
  one_done: { holds: (all) => all.some((s) => s === 'succeeded' || s === 'failed'), else: () => 'skipped' },
  none_failed: { holds: (all) => !all.some(bad), else: () => 'upstream_failed' },
  none_failed_min_one_success: {
    holds: (all) => !all.some(bad) && all.includes('succeeded'),
    else: (all) => (all.some(bad) ? 'upstream_failed' : 'skipped'),
  },
  none_skipped: { holds: (all) => !all.includes('skipped'), else: () => 'skipped' },
  always: { holds: () => true, else: () => 'skipped' },
}

const foldOf = (items: Over[]): Over =>
  (['failed', 'upstream_failed'] as const).find((s) => items.includes(s)) ??
  (items.every((s) => s === 'skipped') ? 'skipped' : 'succeeded')

/** Both must hold where both are written. */
const both = (a: boolean | null, b: boolean | null) => (a === null ? b : b === null ? a : a && b)

/** N7: a component's roots have the needs and the rule of its cell, its `if` gates all; to need it is to need its leaves. */
export function inlined({ cells, finals }: DrawnDag): Inlined[] {
  const out: Inlined[] = []
  const leaves: string[][] = []
  const idsOf = (needs: readonly number[]) => needs.flatMap((need) => leaves[need] ?? [])
  const add = (id: string, task: DrawnTask, more: Partial<Inlined>) =>
    out.push({
      id,
      own: task,
      rule: task.rule,
      needs: [],
      width: task.width,
      joined: null,
      inCell: 1,
      final: false,
      ...more,
    })
  for (const [i, cell] of cells.entries()) {
    const id = `t${i}`
    if (cell.kind === 'task') {
      leaves.push([id])
      add(id, cell, { needs: idsOf(cell.needs) })
      continue
    }
    const matrix = (width: number) =>
      cell.width > 1 ? { width: cell.width * width, joined: id, inCell: width } : {}
    for (const [k, task] of cell.tasks.entries()) {
      const root = task.needs.length === 0
      add(`${id}.u${k}`, task, {
        ...matrix(task.width),
        own: { ...task, condition: both(cell.condition, task.condition) },
        rule: root ? cell.rule : task.rule,
        needs: root ? idsOf(cell.needs) : task.needs.map((need) => `${id}.u${need}`),
      })
    }
    const needed = new Set(cell.tasks.flatMap(({ needs }) => needs))
    leaves.push([...cell.tasks.keys()].filter((k) => !needed.has(k)).map((k) => `${id}.u${k}`))
  }
  for (const [i, task] of finals.entries()) {
    const id = `t${cells.length + i}`
    leaves.push([id])
    add(id, task, { needs: idsOf(task.needs), rule: 'all_done', final: true })
  }
  return out
}

/** What an item comes to that may start: attempt after attempt, each failure against the budget that it is of. */
function attempted(own: Own, item: number): Final {
  if (own.starves) return { state: 'failed', reason: own.overdue ? 'deadline' : 'queue_timeout', attempts: 0 }
  const left = { fails: own.retries, late: own.retries, lost: own.infrastructureRetries }
  const why = { fails: 'user_error', late: 'timeout', lost: 'worker_lost' }
  for (let n = 1; ; n++) {
    const ending = own.attempts[item % own.attempts.length]?.[n - 1] ?? 'ok'
    if (ending === 'ok') return { state: 'succeeded', reason: null, attempts: n }
    const failed = (reason: string): Final => ({ state: 'failed', reason, attempts: n })
    if (ending === 'hopeless') return failed('bad_config')
    if (ending !== 'stopped' && left[ending] === 0)
      // Its last attempt had what was left until the deadline.
      return failed(ending === 'late' && own.overdue ? 'deadline' : why[ending])
    if (own.overdue) return failed('deadline')
    if (ending === 'lost') left.lost--
    else if (ending !== 'stopped') left.fails = left.late = left.fails - 1
  }
}

function finalOf(task: Inlined, item: number, parents: Over[]): Final {
  const sentence = sentences[task.rule]
  if (parents.length > 0 && !sentence.holds(parents)) {
    const state = sentence.else(parents)
    return { state, reason: state === 'skipped' ? 'upstream_skipped' : 'rule_not_met', attempts: 0 }
  }
  if (task.own.condition === false) return { state: 'skipped', reason: 'condition_false', attempts: 0 }
  return attempted(task.own, item)
}

/** Per task its items, decided only when every parent is over. */
export function finals(tasks: readonly Inlined[]): Map<string, Final[]> {
  const out = new Map<string, Final[]>()
  for (const task of tasks) {
    const items = Array.from({ length: task.width }, (_, item) =>
      finalOf(
        task,
        item,
        task.needs.map((need) => {
          const parent = (out.get(need) ?? []).map(({ state }) => state)
          const other = tasks.find(({ id }) => id === need)
          if (task.joined === null || other?.joined !== task.joined) return foldOf(parent)
          const first = Math.floor(item / task.inCell) * other.inCell
          return foldOf(parent.slice(first, first + other.inCell))
        }),
      ),
    )
    out.set(task.id, items)
  }
  return out
}
