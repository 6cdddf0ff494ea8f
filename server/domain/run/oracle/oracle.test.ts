/** The core against a slow oracle: random DAGs, compiled, run in a random order, some of them cut off. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { makePlan, type Plan } from '../plan.ts'
import { isTerminalTaskRun } from '../states.ts'
import { conditional, items, plannedTask } from '../testing.ts'
import { dags, interruptions, type DrawnDag, type Interruption } from './drawn-dag.ts'
import { Driver, type DrivenRun } from './driven-run.ts'
import { finals, inlined, type Final, type Inlined } from './oracle.ts'
import { compiled } from './written-dag.ts'

interface Ended {
  run: DrivenRun
  /** By node. */
  tasks: Inlined[]
  /** What each item comes to in a run that nobody ends. */
  expected: Final[][]
}

/** Keys as the compiler makes them: `c=1`, or `c=1,k=2` with a matrix within the cell. */
function matrixOf({ width, joined, inCell }: Pick<Inlined, 'width' | 'joined' | 'inCell'>) {
  if (width === 1) return { matrix: null, joined }
  const all = Array.from({ length: width }, (_, k) => k)
  if (joined === null) return { matrix: items(...all.map((k) => `k=${k}`)), joined }
  const cells = all.map((k) => `c=${Math.floor(k / inCell)}`)
  if (inCell === 1) return { matrix: items(...cells), joined }
  const matrix = items(...cells.map((cell, k) => `${cell},k=${k % inCell}`))
  return { matrix, joined, joins: [{ group: joined, keys: cells }] }
}

/** The plan of these tasks, without the compiler, which takes ten times as long as the run. */
const planOf = (tasks: readonly Inlined[]): Plan =>
  makePlan(
    tasks.map(({ id, own, rule, needs, width, joined, inCell, final }) =>
      plannedTask(id, needs, {
        trigger_rule: rule,
        if: own.condition === null ? [] : conditional.if,
        ...matrixOf({ width, joined, inCell }),
        allow_failure: own.allowFailure,
        finally: final,
        deadline: own.overdue ? 1 : null,
        retries: own.retries,
        infrastructure_retries: own.infrastructureRetries,
      }),
    ),
  )

function endOf(
  dag: DrawnDag,
  interruption: Interruption | null,
  pick: (below: number) => number,
  written = false,
): Ended {
  const all = inlined(dag)
  const plan = written ? compiled(dag) : planOf(all)
  const byId = new Map(all.map((task) => [task.id, task]))
  const tasks = plan.nodes.flatMap(({ task }) => byId.get(task) ?? [])
  expect(tasks.length).toBe(all.length)
  expect(plan.nodes.length).toBe(all.length)
  const whole = finals(all)
  const run = new Driver(plan, tasks, pick).drive(interruption)
  return { run, tasks, expected: tasks.map(({ id }) => whole.get(id) ?? []) }
}

type Told = Pick<Final, 'reason' | 'attempts'> & { state: string }
const told = ({ state, reason, attempts }: Told) => `${state} ${reason ?? ''} ${attempts}`
const byTask = <Item>(tasks: readonly Inlined[], items: readonly Item[][], words: (item: Item) => string) =>
  Object.fromEntries(items.map((list, node) => [tasks[node]?.id, list.map(words)]))

const foundIn = ({ run, tasks }: Ended) => ({
  run: run.machine.run,
  items: byTask(tasks, run.machine.items, told),
})

function expectedOf({ tasks, expected }: Ended) {
  const failed = tasks.some(
    ({ own }, node) => !own.allowFailure && expected[node]?.some(({ state }) => state === 'failed') === true,
  )
  return { run: failed ? 'failed' : 'succeeded', items: byTask(tasks, expected, told) }
}

/** Of a run that was interrupted. The first interruption ends what is no clean-up, the second all. */
function expectedAfter(ended: Ended, { why }: Interruption) {
  const { run, tasks, expected } = ended
  if (run.cuts.length === 0) return expectedOf(ended)
  const items = expected.map((list, node) =>
    list.map((final, item): Told => {
      const before = run.cuts[tasks[node]?.final === true ? 1 : 0]?.[node]?.[item]
      if (before === undefined || isTerminalTaskRun(before.state)) return final
      const attempts = run.machine.items[node]?.[item]?.attempts ?? 0
      return run.slipped.has(`${node} ${item}`)
        ? { state: 'succeeded', reason: null, attempts }
        : { state: 'cancelled', reason: why, attempts }
    }),
  )
  return { run: why === 'timeout' ? 'failed' : 'cancelled', items: byTask(tasks, items, told) }
}

const picker = (picks: Iterator<number>) => (below: number) => Number(picks.next().value) % Math.max(1, below)
const picks = fc.infiniteStream(fc.nat(1_000_000))

test('[R2] in whatever order things happen, a run ends, and each item as the oracle says', () => {
  fc.assert(
    fc.property(dags, picks, (dag, stream) => {
      const ended = endOf(dag, null, picker(stream))
      expect(foundIn(ended)).toEqual(expectedOf(ended))
    }),
    { numRuns: 800 },
  )
})

test('a component that an author writes is what the oracle makes of it', () => {
  fc.assert(
    fc.property(dags, picks, (dag, stream) => {
      const ended = endOf(dag, null, picker(stream), true)
      expect(foundIn(ended)).toEqual(expectedOf(ended))
    }),
    { numRuns: 60 },
  )
})

test('[R17] a run that is cancelled or out of time keeps what was over, ends the rest, and does its clean-up', () => {
  fc.assert(
    fc.property(dags, interruptions, picks, (dag, interruption, stream) => {
      const ended = endOf(dag, interruption, picker(stream))
      expect(foundIn(ended)).toEqual(expectedAfter(ended, interruption))
    }),
    { numRuns: 800 },
  )
})
