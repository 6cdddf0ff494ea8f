/** The names of one notebook while it is compiled: its own, or a component's inside the DAG that uses it. */
import type { Join } from '../../dag/joins.ts'
import type { Input, MatrixItem } from '../../dag/spec.ts'
import type { TriggerRule } from '../../run/states.ts'
import type { Json } from '../../json.ts'
import type { Fault } from '../fault.ts'
import type { Located } from '../located.ts'
import type { Text } from '../program.ts'
import type { Ancestors } from './ancestors.ts'
import type { SourceDocument, SourceTask } from './document.ts'
import type { Reach, UsedCommit } from './uses.ts'

export interface Scope {
  /** `''`, or the group's id (`clean`, `clean.inner`). */
  id: string
  /** The id that the group had before, where its cell or one around it was renamed; else its id. */
  former: string
  document: SourceDocument
  parent: Scope | null
  members: Map<string, Member>
  /** Tasks that are there and could not be read: that has its fault, and what names them is none. */
  unread: Set<string>
  params: ReadonlySet<string>
  /** What each input of a component is, once known; null where it is faulty. */
  inputs: Map<string, Input | null>
  /** Axes that came with the component's cell. */
  axes: readonly string[]
}

export type Member = { kind: 'task'; task: DraftTask } | { kind: 'group'; group: DraftGroup }

export interface DraftTask {
  id: string
  scope: Scope
  source: SourceTask
  /** Ids of tasks, components already seen through. */
  needs: string[]
  rule: TriggerRule
  conditions: { scope: string; expression: string; per_item: boolean }[]
  matrix: MatrixItem[] | null
  axes: readonly string[]
  /** Component groups with a matrix around it, outermost first. */
  joins: readonly Join[]
  /** Its items are known when the run is there. */
  mapped: boolean
}

export interface DraftGroup {
  id: string
  /** The cell that uses the component. */
  source: SourceTask
  outer: Scope
  inner: Scope
  /** The cell's own needs, as tasks. */
  needs: string[]
  params: Record<string, Json>
  leaves: string[]
  roots: DraftTask[]
}

/** Stands among the needs of a task for one that is not known: what is before that task cannot be said then. */
export const lostNeed = '?'

/** The value of a task's key: its own, else the notebook's default. */
export type KeyOf = (name: string) => Located | null

/** What the compiler works on. `files` answers whether a repository path is there, and with what. */
export interface Draft {
  readFile: (path: string) => Text | null
  reach: (commit: UsedCommit) => Reach
  documents: Map<string, SourceDocument>
  tasks: Map<string, DraftTask>
  groups: DraftGroup[]
  /** Worked out when it is first asked for; every `needs` must be known by then. */
  ancestors: Ancestors | null
  /** Set when a bound was reached: what is left out then is no fault of its own. */
  overfull: boolean
  /** Cells whose component nobody can look at here, each at its place. */
  unchecked: Fault[]
}
