/** For the oracle: random DAGs as cells, some of them components, and what their attempts come to. */
import fc from 'fast-check'
import { triggerRules, type TriggerRule } from '../states.ts'

/** How an attempt ends: `late` by its own timeout, `stopped` with the product, `hopeless` by its configuration. */
export const endings = ['ok', 'fails', 'lost', 'late', 'stopped', 'hopeless'] as const
export type Ending = (typeof endings)[number]

export interface Own {
  retries: number
  infrastructureRetries: number
  allowFailure: boolean
  /** Its deadline is over before its first attempt is. */
  overdue: boolean
  /** It never leaves the queue by itself. */
  starves: boolean
  /** Whether the `if` is true; null without one. */
  condition: boolean | null
  /** Per item, in order; then they are ok. */
  attempts: Ending[][]
}

export interface DrawnTask extends Own {
  kind: 'task'
  rule: TriggerRule
  needs: number[]
  width: number
}

export interface DrawnComponent {
  kind: 'component'
  rule: TriggerRule
  needs: number[]
  /** More than 1: it stands under a matrix. */
  width: number
  condition: boolean | null
  /** Of these `needs` are among themselves. Each may have a matrix of its own, also under one on the cell. */
  tasks: DrawnTask[]
}

export interface DrawnDag {
  cells: (DrawnTask | DrawnComponent)[]
  /** They come last; their needs count from the first cell on. */
  finals: DrawnTask[]
}

const seldom = (weight: number) => fc.integer({ min: 1, max: weight }).map((n) => n === weight)
const needsBefore = (index: number): fc.Arbitrary<number[]> =>
  index === 0 ? fc.constant([]) : fc.uniqueArray(fc.nat(index - 1), { maxLength: 4 })
const rule = fc.oneof(fc.constantFrom(...triggerRules), fc.constant('all_success' as const))
const condition = fc.constantFrom(null, null, null, true, true, false)
const width = fc.integer({ min: 1, max: 3 })

const own = fc.record({
  retries: fc.nat(2),
  infrastructureRetries: fc.nat(2),
  allowFailure: seldom(4),
  overdue: seldom(8),
  starves: seldom(12),
  condition,
  attempts: fc.array(fc.array(fc.constantFrom(...endings), { maxLength: 4 }), {
    minLength: 3,
    maxLength: 3,
  }),
})
const task = (index: number): fc.Arbitrary<DrawnTask> =>
  fc
    .tuple(own, fc.record({ rule, needs: needsBefore(index), width }))
    .map(([mine, place]) => ({ kind: 'task', ...mine, ...place }))
const tasks = (from: number, most: number, least: number): fc.Arbitrary<DrawnTask[]> =>
  fc
    .integer({ min: least, max: most })
    .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => task(from + i))))
const component = (index: number): fc.Arbitrary<DrawnComponent> =>
  fc.record({
    kind: fc.constant('component' as const),
    rule,
    needs: needsBefore(index),
    width,
    condition,
    tasks: tasks(0, 4, 1),
  })
const cell = (index: number) =>
  fc.oneof({ weight: 3, arbitrary: task(index) }, { weight: 1, arbitrary: component(index) })

export const dags: fc.Arbitrary<DrawnDag> = fc
  .integer({ min: 1, max: 9 })
  .chain((n) => fc.tuple(...Array.from({ length: n }, (_, i) => cell(i))))
  .chain((cells) => fc.record({ cells: fc.constant(cells), finals: tasks(cells.length, 2, 0) }))

/** The end of a run before its end: when its nth event would come, and once more when that many more have. */
export interface Interruption {
  why: 'cancel_requested' | 'timeout'
  after: number
  again: number | null
}
export const interruptions: fc.Arbitrary<Interruption> = fc.record({
  why: fc.constantFrom('cancel_requested', 'timeout'),
  after: fc.nat(30),
  again: fc.option(fc.nat(6), { freq: 2 }),
})
