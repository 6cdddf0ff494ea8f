'use client'

import type { Cell, Notebook } from '#server/views/version.ts'
import { TextEditor } from '../../_components/code/text-editor.tsx'
import { around, faultsOf, faultsWithin, shownText, type CellEdit } from './cell-edit.ts'
import { CellView } from './cell-view.tsx'
import type { TextPlace } from './pressed-at.ts'
import type { Went } from './went.ts'

export type Shown = Pick<Notebook, 'cells' | 'faults' | 'graph'> & {
  /** The text these are of: the newest that was checked. */
  text: string
}

interface Props {
  shown: Shown
  edit: CellEdit | null
  went: ReadonlyMap<string, Went>
  onEdit: (index: number, part: 'body' | 'script', at?: TextPlace) => void
  onType: (typed: string) => void
  onLeave: () => void
  onSave: () => void
}

type Editor = NonNullable<Parameters<typeof CellView>[0]['editor']>

/** Of the cell that is edited, whatever its text makes of it: an editor drawn anew would forget what was typed. */
const heldKey = 'edited'

/** What is shown around an editor whose text is no cell just now. */
const nothing = {
  index: -1,
  kind: 'markdown',
  id: null,
  body: '',
  script: null,
  language: '',
  faults: [],
  went: null,
} as const

const trimEnd = (text: string) => text.replace(/\r?\n$/, '')

/** All cells of a notebook, one part of them in an editor perhaps. */
export function Cells({ shown, edit, went, onEdit, onType, onLeave, onSave }: Props) {
  const { text, cells, faults } = shown
  const placed = edit === null ? null : around(cells, text.length, edit)
  const view = (cell: Cell, editor?: Editor) => (
    <CellView
      key={editor === undefined ? `${cell.kind} ${cell.id ?? cells.indexOf(cell)}` : heldKey}
      index={cells.indexOf(cell)}
      kind={cell.kind}
      id={cell.id}
      body={trimEnd(text.slice(cell.body.start, cell.body.end))}
      script={cell.script === null ? null : trimEnd(text.slice(cell.script.body.start, cell.script.body.end))}
      language={cell.script?.lang ?? ''}
      faults={faultsOf(cell, text, faults)}
      went={cell.id === null ? null : (went.get(cell.id) ?? null)}
      onEdit={onEdit}
      {...(editor === undefined ? {} : { editor })}
    />
  )
  if (edit === null || placed === null) return cells.map((cell) => view(cell))
  const part = edit.part === 'script' ? 'script' : 'body'
  const editor = (
    <TextEditor
      key={`${edit.part} ${edit.range.start}`}
      initial={shownText(edit)}
      at={edit.at}
      label={`${part === 'script' ? 'Script' : 'Text'} of ${placed.held?.id ?? placed.held?.kind ?? 'the cell'}`}
      language={edit.language}
      faults={faultsWithin(edit, faults)}
      onChange={onType}
      onLeave={onLeave}
      onSave={onSave}
    />
  )
  return (
    <>
      {placed.before.map((cell) => view(cell))}
      {placed.held === null ? (
        <CellView key={heldKey} {...nothing} onEdit={onEdit} editor={{ part, view: editor }} />
      ) : (
        view(placed.held, { part, view: editor })
      )}
      {placed.after.map((cell) => view(cell))}
    </>
  )
}
