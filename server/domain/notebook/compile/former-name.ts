/** What was renamed: `renamed_from` of a cell, and of the cells of the components around it. */
import type { SourceTask } from './document.ts'
import { textOf } from './front-matter.ts'
import type { DraftTask, Scope } from './scope.ts'

/** The id of a cell's task or group before, as far as `renamed_from` says; its own where that says nothing. */
export function formerName({ former }: Pick<Scope, 'former'>, { id, root }: SourceTask): string {
  const name = textOf(root, 'renamed_from') ?? id
  return former === '' ? name : `${former}.${name}`
}

/** The id that a task had before; null: it has it still. */
export function formerId({ id, scope, source }: Pick<DraftTask, 'id' | 'scope' | 'source'>): string | null {
  const former = formerName(scope, source)
  return former === id ? null : former
}
