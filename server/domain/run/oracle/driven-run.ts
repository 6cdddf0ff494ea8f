/** For the oracle: a run that is driven to its end, whatever comes next being picked at random. */
import { decide, decideWhether, type RunEvent } from '../decide.ts'
import { newMachine, type ItemState, type Machine } from '../machine.ts'
import type { Plan } from '../plan.ts'
import { isTerminalRun, type TaskRunState } from '../states.ts'
import { ended } from '../testing.ts'
import type { Ending, Interruption } from './drawn-dag.ts'
import type { Inlined } from './oracle.ts'

const outcomes: Record<Ending, ReturnType<typeof ended>> = {
  ok: ended('succeeded'),
  fails: ended('failed', 'user_error'),
  lost: ended('lost', 'worker_lost'),
  late: ended('failed', 'timeout'),
  stopped: ended('lost', 'worker_stopped'),
  hopeless: ended('failed', 'bad_config'),
}

export interface DrivenRun {
  machine: Machine
  /** All items as they were when it was interrupted, and when once more. */
  cuts: ItemState[][][]
  /** `node item`: attempts that were being ended, and were over with success before. */
  slipped: Set<string>
}

type AttemptEnded = Extract<RunEvent, { kind: 'attempt_ended' }>

const isUnderWay = (state: TaskRunState) => state === 'starting' || state === 'running'

export class Driver {
  readonly #machine: Machine
  readonly #tasks: readonly Inlined[]
  readonly #pick: (below: number) => number
  readonly #cuts: ItemState[][][] = []
  readonly #slipped = new Set<string>()
  /** Conditions that were asked for. */
  readonly #asked = new Map<string, RunEvent>()
  #now = 0

  /** @param tasks by node */
  constructor(plan: Plan, tasks: readonly Inlined[], pick: (below: number) => number) {
    this.#machine = newMachine(plan)
    this.#tasks = tasks
    this.#pick = pick
  }

  drive(interruption: Interruption | null): DrivenRun {
    this.#send({ kind: 'admitted' })
    for (let n = 0; !isTerminalRun(this.#machine.run); n++) {
      if (n === interruption?.after) this.#interrupt(interruption.why)
      const again = interruption?.again ?? null
      if (again !== null && n === again + (interruption?.after ?? 0) + 1) this.#interrupt(interruption?.why)
      const events = this.#possible()
      const next = events[this.#pick(events.length)]
      if (next === undefined) break
      this.#send(next)
    }
    return { machine: this.#machine, cuts: this.#cuts, slipped: this.#slipped }
  }

  #interrupt(why: Interruption['why'] | undefined): void {
    if (isTerminalRun(this.#machine.run)) return
    this.#cuts.push(this.#machine.items.map((items) => [...items]))
    const forced = this.#cuts.length > 1
    this.#send(why === 'timeout' ? { kind: 'run_due' } : { kind: 'cancel_requested', forced })
  }

  /** @throws Error when it is refused: nothing is tried that must not happen */
  #send(event: RunEvent): void {
    this.#now += 10
    if (event.kind === 'condition') this.#asked.delete(`${event.node} ${event.item}`)
    if (event.kind === 'attempt_ended' && event.outcome.state === 'succeeded' && this.#ends(event.node))
      this.#slipped.add(`${event.node} ${event.item}`)
    const decision = decide(this.#machine, event, this.#now)
    if (decision.kind === 'refused') throw new Error(`${JSON.stringify(event)} was refused: ${decision.why}`)
    for (const { kind, node, item } of decision.actions)
      if (kind === 'ask') {
        const yes = this.#tasks[node]?.own.condition === true
        const result = yes ? 'true' : ({ skip: 'condition_false' } as const)
        this.#asked.set(`${node} ${item}`, { kind: 'condition', node, item, result })
      }
    const idle = waitForNothing(this.#machine)
    if (idle.length > 0) throw new Error(`nothing is left that ${idle.join(', ')} waits for`)
  }

  /** Everything that could happen next. */
  #possible(): RunEvent[] {
    const out = [...this.#asked.values()].filter((event) => 'node' in event && this.#waits(event))
    for (const [node, list] of this.#machine.items.entries())
      for (const [item, { state }] of list.entries()) out.push(...this.#possibleFor(node, item, state))
    return out
  }

  #waits({ node, item }: { node: number; item: number }): boolean {
    return this.#machine.items[node]?.[item]?.state === 'waiting'
  }

  /** Whether the run is being ended, and this task with it. */
  #ends(node: number): boolean {
    return this.#cuts.length > 1 || (this.#cuts.length > 0 && this.#tasks[node]?.final !== true)
  }

  #possibleFor(node: number, item: number, state: TaskRunState): RunEvent[] {
    if (this.#ends(node)) return isUnderWay(state) ? [this.#endOf(node, item, state)] : []
    if (state === 'queued')
      return [{ kind: this.#tasks[node]?.own.starves === true ? 'due' : 'claimed', node, item }]
    if (state === 'starting') return [{ kind: 'gate_passed', node, item }]
    if (state === 'running') return [this.#attemptEnded(node, item)]
    return state === 'retrying' ? [{ kind: 'due', node, item }] : []
  }

  #attemptEnded(node: number, item: number): AttemptEnded {
    const n = this.#machine.items[node]?.[item]?.attempts ?? 1
    const drawn = this.#tasks[node]?.own.attempts ?? []
    const ending = drawn[item % drawn.length]?.[n - 1] ?? 'ok'
    return { kind: 'attempt_ended', node, item, random: 0, outcome: outcomes[ending] }
  }

  /** Of an attempt that is being ended: it may be over by itself before. What has not begun does not begin (R17). */
  #endOf(node: number, item: number, state: TaskRunState): RunEvent {
    if (state === 'starting' && decideWhether(this.#machine, { kind: 'gate_passed', node, item }))
      throw new Error(`the gate of ${node} ${item} is open in a run that is being ended`)
    const own = this.#attemptEnded(node, item)
    const byItself = state === 'running' && this.#pick(2) === 0
    return byItself ? own : { ...own, outcome: ended('cancelled', 'cancel_requested') }
  }
}

/** Items that wait though all before them is over, and nobody was asked: there are none while nothing ends the run. */
function waitForNothing(machine: Machine): string[] {
  if (machine.stop !== null) return []
  return machine.plan.nodes.flatMap(({ task, parents, role }, node) =>
    role === 'finally' || !parents.every(({ node: parent }) => machine.folded[parent] !== null)
      ? []
      : (machine.items[node] ?? []).flatMap(({ state, dueAt }, item) =>
          state === 'waiting' && dueAt === null ? [`${task} ${item}`] : [],
        ),
  )
}
