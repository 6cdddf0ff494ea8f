/** The core against a slow oracle: the final states of random DAGs, worked out parent by parent from engine.md. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, type RunEvent } from './decide.ts'
import { newMachine, type Machine } from './machine.ts'
import { makePlan, type PlannedTask } from './plan.ts'
import { triggerRules, type TriggerRule } from './states.ts'
import { conditional, ended, items, plannedTask, states } from './testing.ts'

interface Drawn {
  rule: TriggerRule
  needs: number[]
  width: number
  /** Whether the `if` is true; null without one. */
  condition: boolean | null
  succeeds: boolean[]
}

const drawn = (index: number): fc.Arbitrary<Drawn> =>
  fc.record({
    rule: fc.constantFrom(...triggerRules),
    needs: index === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 4 }),
    width: fc.integer({ min: 1, max: 3 }),
    condition: fc.option(fc.boolean()),
    succeeds: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  })
const dags = fc
  .integer({ min: 1, max: 12 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => drawn(i))))

type Final = 'succeeded' | 'failed' | 'upstream_failed' | 'skipped'

/**
 * The published sentence of each rule, over the final states of all parents; and what a task becomes when it does not
 * hold. Written anew from Airflow's documentation, with nothing of rules.ts.
 */
const sentences: Record<
  TriggerRule,
  { holds: (parents: Final[]) => boolean; else: (parents: Final[]) => Final }
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
const bad = (state: Final) => state === 'failed' || state === 'upstream_failed'

const foldOf = (items: Final[]): Final =>
  (['failed', 'upstream_failed'] as const).find((s) => items.includes(s)) ??
  (items.every((s) => s === 'skipped') ? 'skipped' : 'succeeded')

/** One state per task and item, decided only when every parent is over. */
function oracle(dag: Drawn[]): Final[][] {
  const out: Final[][] = []
  for (const task of dag) {
    const parents = task.needs.map((need) => foldOf(out[need] ?? []))
    const sentence = sentences[task.rule]
    const runs = parents.length === 0 || sentence.holds(parents)
    out.push(
      task.succeeds.slice(0, task.width).map((ok) => {
        if (!runs) return sentence.else(parents)
        return task.condition === false ? 'skipped' : ok ? 'succeeded' : 'failed'
      }),
    )
  }
  return out
}

const planned = (dag: Drawn[]): PlannedTask[] =>
  dag.map((task, i) =>
    plannedTask(
      `t${i}`,
      task.needs.map((n) => `t${n}`),
      {
        trigger_rule: task.rule,
        if: task.condition === null ? [] : conditional.if,
        matrix: task.width === 1 ? null : items(...Array.from({ length: task.width }, (_, k) => `k=${k}`)),
      },
    ),
  )

/** Everything that could happen next, in the order of a random pick. */
function possible(machine: Machine, dag: Drawn[], asked: Map<string, RunEvent>): RunEvent[] {
  const out = [...asked.values()]
  for (const [node, list] of machine.items.entries())
    for (const [item, { state }] of list.entries()) {
      if (state === 'queued') out.push({ kind: 'claimed', node, item })
      if (state === 'starting') out.push({ kind: 'gate_passed', node, item })
      if (state === 'running')
        out.push({
          kind: 'attempt_ended',
          node,
          item,
          random: 0,
          outcome: dag[node]?.succeeds[item] === true ? ended('succeeded') : ended('failed', 'user_error'),
        })
    }
  return out
}

test('[R2] in whatever order things happen, a run ends, and ends as the oracle says', () => {
  fc.assert(
    fc.property(dags, fc.infiniteStream(fc.nat(1_000_000)), (dag, picks) => {
      const machine = newMachine(makePlan(planned(dag)))
      const asked = new Map<string, RunEvent>()
      let next: RunEvent | undefined = { kind: 'admitted' }
      while (next !== undefined) {
        if (next.kind === 'condition') asked.delete(`${next.node} ${next.item}`)
        const decision = decide(machine, next, 0)
        if (decision.kind === 'decided')
          for (const { kind, node, item } of decision.actions)
            if (kind === 'ask')
              asked.set(`${node} ${item}`, {
                kind: 'condition',
                node,
                item,
                result: dag[node]?.condition === true ? 'true' : { skip: 'condition_false' },
              })
        const events = possible(machine, dag, asked)
        next = events[(picks.next().value ?? 0) % Math.max(1, events.length)]
      }
      const wanted = oracle(dag)
      expect(Object.values(states(machine))).toEqual(wanted.flat())
      expect(machine.run).toBe(wanted.flat().includes('failed') ? 'failed' : 'succeeded')
    }),
    { numRuns: 3000 },
  )
})
