/**
 * What a new run takes from an earlier one, and why the rest is run again: the plan of Recover and Fork (engine.md). Pure.
 * Whatever comes after something that runs again runs again, too.
 */
import { seenCell, sharedLevel } from '../dag/joins.ts'
import type { Task } from '../dag/spec.ts'
import type { Json } from '../json.ts'
import type { TaskRunState } from './states.ts'

export const marks = ['succeeded', 'failed', 'skipped'] as const
export type Mark = (typeof marks)[number]

/** A task run of the earlier run. */
export interface OldItem {
  key: string | null
  index: number
  state: TaskRunState
  /** The task run whose results it has: itself, or the one they were taken from before. */
  resultsOf: string
  /** Of an item of a `map`. */
  item: Json | null
  /** What a person said of it afterwards. */
  mark: Mark | null
}

export interface ReuseInput {
  /** Of the new run's version. */
  tasks: readonly Task[]
  /** By task id of the new version. */
  old: ReadonlyMap<string, readonly OldItem[]>
  /** Why a task is not what it was; null when it is. */
  changed: (task: Task) => string | null
  /** What was asked to run again; `key` null is the whole task. */
  chosen: readonly { task: string; key: string | null }[]
}

export interface PlannedItem {
  task: string
  key: string | null
  index: number
  item: Json | null
  reuse: { resultsOf: string | null; as: 'succeeded' | 'skipped'; marked: boolean } | null
  /** One sentence, for the page before and after. */
  why: string
}

type Key = string | null
/** Items that run again, each with its reason. */
type Again = Map<string, Map<Key, string>>

function keysOf(task: Task, old: readonly OldItem[]): Key[] {
  if (task.matrix !== null) return task.matrix.map((item) => item.key)
  const known = old.flatMap(({ key }) => (key === null ? [] : [key]))
  return task.map !== null && known.length > 0 ? known : [null]
}

function whyAgain(item: OldItem | undefined): string | null {
  if (item === undefined) return 'It was not in the earlier run.'
  if (item.mark === 'failed') return 'It was marked as failed.'
  if (item.mark !== null || item.state === 'succeeded' || item.state === 'skipped') return null
  return `It was ${item.state.replace('_', ' ')} in the earlier run.`
}

class Plan {
  readonly #input: ReuseInput
  readonly #byId: Map<string, Task>
  readonly #children = new Map<string, Task[]>()
  readonly #setUps = new Map<string, string[]>()
  readonly #keys = new Map<string, Key[]>()
  readonly #items: ReadonlyMap<string, ReadonlyMap<Key, OldItem>>
  /** Tasks of which more runs again than was passed on; each once, however many its items are. */
  readonly #queue = new Set<string>()
  readonly again: Again = new Map()

  constructor(input: ReuseInput) {
    this.#input = input
    this.#byId = new Map(input.tasks.map((task) => [task.id, task]))
    this.#items = new Map(
      [...input.old].map(([id, items]) => [id, new Map(items.map((item) => [item.key, item]))]),
    )
    for (const task of input.tasks) {
      for (const parent of [...task.needs, ...task.teardown_for, ...task.between])
        this.#children.set(parent, [...(this.#children.get(parent) ?? []), task])
      for (const covered of task.setup_for)
        this.#setUps.set(covered, [...(this.#setUps.get(covered) ?? []), task.id])
    }
  }

  keys(task: Task): readonly Key[] {
    const known = this.#keys.get(task.id) ?? keysOf(task, this.#input.old.get(task.id) ?? [])
    this.#keys.set(task.id, known)
    return known
  }

  oldItem = (task: Task, key: Key): OldItem | undefined => this.#items.get(task.id)?.get(key)

  #add(task: Task, key: Key, why: string): void {
    const mine = this.again.get(task.id) ?? new Map<Key, string>()
    if (mine.has(key)) return
    mine.set(key, why)
    this.again.set(task.id, mine)
    this.#queue.add(task.id)
  }

  #addAll(task: Task, why: string): void {
    for (const key of this.keys(task)) this.#add(task, key, why)
  }

  begin(): void {
    for (const task of this.#input.tasks) {
      const why = task.finally ? 'It runs at the end of every run.' : this.#input.changed(task)
      if (why !== null) this.#addAll(task, why)
      else
        for (const key of this.keys(task)) {
          const again = whyAgain(this.oldItem(task, key))
          if (again !== null) this.#add(task, key, again)
        }
    }
    for (const { task: id, key } of this.#input.chosen) {
      const task = this.#byId.get(id)
      if (task !== undefined && key === null) this.#addAll(task, 'It was asked to run again.')
      else if (task !== undefined) this.#add(task, key, 'It was asked to run again.')
    }
  }

  /** Passes it on: to set-ups, which a teardown has undone, and to what comes after. */
  spread(): void {
    for (const id of this.#queue) {
      this.#queue.delete(id)
      const task = this.#byId.get(id)
      if (task === undefined) continue
      for (const setUp of this.#setUps.get(id) ?? []) {
        const made = this.#byId.get(setUp)
        if (made !== undefined) this.#addAll(made, `'${id}' needs what it sets up.`)
      }
      for (const child of this.#children.get(id) ?? []) {
        const why = `'${id}' runs again.`
        if (sharedLevel(child, task) === null) this.#addAll(child, why)
        else
          for (const key of this.again.get(id)?.keys() ?? [])
            for (const after of seenCell(task, key, child)?.keys ?? []) this.#add(child, after, why)
      }
    }
  }
}

function plannedItem(plan: Plan, task: Task, key: Key, index: number): PlannedItem {
  const old = plan.oldItem(task, key)
  const why = plan.again.get(task.id)?.get(key) ?? null
  const place = { task: task.id, key, index, item: old?.item ?? null }
  if (why !== null || old === undefined) return { ...place, reuse: null, why: why ?? 'It is new.' }
  const marked = old.mark !== null
  const as = (old.mark ?? old.state) === 'skipped' ? 'skipped' : 'succeeded'
  return {
    ...place,
    reuse: { resultsOf: old.state === 'succeeded' ? old.resultsOf : null, as, marked },
    why: marked
      ? `It was marked as ${as}.`
      : `It ${as === 'succeeded' ? 'succeeded' : 'was skipped'}, and nothing that it depends on has changed.`,
  }
}

/** One entry per task run of the new run. A `map` of which everything runs again is one entry: it is expanded anew. */
export function planReuse(input: ReuseInput): PlannedItem[] {
  const plan = new Plan(input)
  plan.begin()
  plan.spread()
  return input.tasks.flatMap((task) => {
    const keys = plan.keys(task)
    const again = plan.again.get(task.id)
    const first = keys[0] ?? null
    if (task.map !== null && again !== undefined && keys.every((key) => again.has(key)))
      return [{ task: task.id, key: null, index: 0, item: null, reuse: null, why: again.get(first) ?? '' }]
    return keys.map((key, index) => plannedItem(plan, task, key, index))
  })
}
