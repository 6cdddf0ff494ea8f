/** The core against a slow oracle: the final states of random DAGs, worked out parent by parent from engine.md. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decide, type RunEvent } from './decide.ts'
import { newMachine, type Machine } from './machine.ts'
import { makePlan, type PlannedTask } from './plan.ts'
import { triggerRules, type TriggerRule } from './states.ts'
import { ended, items, plannedTask, states } from './testing.ts'

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

/** One state per task and item, decided only when every parent is over. */
function oracle(dag: Drawn[]): string[][] {
  const out: string[][] = []
  for (const task of dag) {
    const parents = task.needs.map((need) => {
      const all = out[need] ?? []
      return (
        ['failed', 'upstream_failed'].find((s) => all.includes(s)) ??
        (all.every((s) => s === 'skipped') ? 'skipped' : 'succeeded')
      )
    })
    const failed = parents.some((s) => s === 'failed' || s === 'upstream_failed')
    const runs = () =>
      task.succeeds
        .slice(0, task.width)
        .map((ok) => (task.condition === false ? 'skipped' : ok ? 'succeeded' : 'failed'))
    const all = (state: string) => Array.from({ length: task.width }, () => state)
    if (parents.length === 0 || task.rule === 'always' || task.rule === 'all_done') out.push(runs())
    else if (task.rule === 'one_failed') out.push(failed ? runs() : all('skipped'))
    else if (failed) out.push(all('upstream_failed'))
    else if (task.rule === 'all_success' && parents.includes('skipped')) out.push(all('skipped'))
    else out.push(runs())
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
        if: task.condition === null ? [] : [{ scope: '', expression: 'x' }],
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
            if (kind === 'evaluate_conditions')
              asked.set(`${node} ${item}`, {
                kind: 'condition',
                node,
                item,
                result: dag[node]?.condition === true ? 'true' : 'false',
              })
        const events = possible(machine, dag, asked)
        next = events[(picks.next().value ?? 0) % Math.max(1, events.length)]
      }
      const wanted = oracle(dag)
      expect(Object.values(states(machine))).toEqual(wanted.flat())
      expect(machine.run).toBe(wanted.flat().includes('failed') ? 'failed' : 'succeeded')
    }),
    { numRuns: 1500 },
  )
})
