'use client'

import { useMutation } from '@tanstack/react-query'
import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { formatFault } from '#server/domain/notebook/fault.ts'
import { isProgram } from '#server/domain/notebook/program.ts'
import type { Notebook } from '#server/views/version.ts'
import { DagGraph } from '../../_components/dag-graph.tsx'
import { TextEditor } from '../../_components/code/text-editor.tsx'
import { DagBar, Fault } from '../../_components/page.tsx'
import { useKeys } from '../../_components/use-keys.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { beginEdit, edited, fileEdit, fileLanguage, shownText, type CellEdit } from './cell-edit.ts'
import { Cells, type Shown } from './cells.tsx'
import { CommitDialog } from './commit-dialog.tsx'
import { DraftNotices } from './draft-notices.tsx'
import { Outline } from './outline.tsx'
import { Pods } from './pods.tsx'
import type { TextPlace } from './pressed-at.ts'
import { useDraft } from './use-draft.ts'
import type { Went } from './went.ts'
import { WholeFile } from './whole-file.tsx'

/** ms after the last key that a text is checked; a program is run for that. */
const checkMs = { text: 120, program: 600 }

interface Props {
  notebook: Notebook
  email: string
  went: ReadonlyMap<string, Went>
  /** Reads the branch anew. */
  reload: () => void
}

const focusCell = (index: number) => {
  const cell = document.querySelector<HTMLElement>(`[data-cell="${index}"]`)
  cell?.focus()
  cell?.scrollIntoView({ block: 'nearest' })
}

const focusedCell = (): number => {
  const cell = document.activeElement?.closest<HTMLElement>('[data-cell]')
  return cell == null ? -1 : Number(cell.dataset['cell'])
}

/** A press on a cell while what was typed is being checked; `of` cells there were then. */
interface Pressed {
  index: number
  part: 'body' | 'script'
  at: TextPlace | undefined
  of: number
}

/** The notebook at one commit: its cells, each edited in its place, or its whole file; kept until it is committed. */
export function NotebookEditor({ notebook, email, went, reload }: Props) {
  const trpc = useTRPC()
  const draft = useDraft(email, notebook)
  const { text } = draft
  const program = isProgram(notebook.path)
  const language = fileLanguage(notebook.path)
  const [edit, setEdit] = useState<CellEdit | null>(null)
  const [committing, setCommitting] = useState(false)
  const [shown, setShown] = useState<Shown>(notebook)
  const check = useMutation(
    trpc.dags.check.mutationOptions({
      onSuccess: (found, given) => setShown({ ...found, text: given.text }),
    }),
  )
  const ask = useEffectEvent(() => check.mutate({ ...notebook.dag, base: notebook.sha, text }))
  useEffect(() => {
    if (text === shown.text) return undefined
    const timer = setTimeout(() => ask(), program ? checkMs.program : checkMs.text)
    return () => clearTimeout(timer)
  }, [text, shown.text, program])
  const changed = text !== notebook.text
  const current = useRef({ text, shown })
  useEffect(() => {
    current.current = { text, shown }
  })
  const pressed = useRef<Pressed | null>(null)
  // One function for good: cells that have not changed are not drawn again.
  const [begin] = useState(() => (index: number, part: 'body' | 'script', at?: TextPlace) => {
    const { text: now, shown: found } = current.current
    const cell = found.cells[index]
    if (cell === undefined) return
    // Cells of a text that is being checked are not where it has them now: the press waits for that.
    if (found.text === now) setEdit(beginEdit(now, cell, part, at))
    else pressed.current = { index, part, at, of: found.cells.length }
  })
  useEffect(() => {
    const waiting = pressed.current
    if (waiting === null || shown.text !== text) return
    pressed.current = null
    const cell = shown.cells[waiting.index]
    if (cell !== undefined && shown.cells.length === waiting.of)
      setEdit((now) => now ?? beginEdit(text, cell, waiting.part, waiting.at))
  }, [shown, text])
  const type = (typed: string) => edit !== null && draft.change(edited(edit, typed))
  const leave = () => {
    const at = focusedCell()
    setEdit(null)
    setTimeout(() => focusCell(at))
  }
  const save = () => changed && setCommitting(true)
  const file = edit?.part === 'file'
  const step = (by: number) => focusCell(Math.max(0, Math.min(shown.cells.length - 1, focusedCell() + by)))
  useKeys([
    { key: 'ArrowDown', also: ['j'], words: 'Next cell', act: () => step(1), moves: true },
    { key: 'ArrowUp', also: ['k'], words: 'Previous cell', act: () => step(-1), moves: true },
    { key: 'Enter', words: 'Edit the cell', act: () => begin(focusedCell(), 'body'), moves: true },
    {
      key: 's',
      words: 'Edit the script of the cell',
      act: () => begin(focusedCell(), 'script'),
      moves: true,
    },
    { key: 'e', words: 'Edit the whole file', act: () => setEdit(fileEdit(text)) },
    { key: 'c', words: 'Commit', act: () => void save() },
  ])
  return (
    <>
      <DagBar place={notebook.dag}>
        <span className="muted">
          {notebook.path} on <b>{notebook.branch}</b>{' '}
          {notebook.version === null ? '' : `v${notebook.version.number}`}
          {changed ? ', edited, kept in this browser' : ''}
        </span>
        {changed && (
          <button
            type="button"
            className="btn ghost"
            onClick={() => {
              setEdit(null)
              draft.drop()
            }}
          >
            Drop
          </button>
        )}
        <button
          type="button"
          className="btn"
          aria-pressed={file}
          onClick={() => setEdit(file ? null : fileEdit(text))}
        >
          {file ? (language === 'markdown' ? 'Show cells' : 'Show the text') : 'Edit'} <kbd>E</kbd>
        </button>
        <button
          type="button"
          className={draft.other === null ? 'btn primary' : 'btn'}
          disabled={!changed}
          onClick={save}
        >
          Commit <kbd>C</kbd>
        </button>
      </DagBar>
      <div className="work">
        <Outline cells={shown.cells} files={notebook.files} faults={shown.faults} went={went} />
        <main className="doc">
          <DraftNotices draft={draft} notebook={notebook} />
          {check.error !== null && <Fault error={check.error} />}
          {file ? (
            <section className="cell edited">
              <TextEditor
                initial={shownText(edit)}
                label={notebook.path}
                language={language}
                faults={shown.faults.filter((fault) => fault.file === notebook.path)}
                onChange={type}
                onLeave={() => setEdit(null)}
                onSave={save}
              />
            </section>
          ) : language !== 'markdown' ? (
            <WholeFile path={notebook.path} text={text} onEdit={() => setEdit(fileEdit(text))} />
          ) : (
            <Cells
              shown={shown}
              edit={edit}
              went={went}
              onEdit={begin}
              onType={type}
              onLeave={leave}
              onSave={save}
            />
          )}
        </main>
        <aside aria-label="Graph">
          {program && check.isPending && (
            <p className="muted pad" role="status">
              The program is run …
            </p>
          )}
          {shown.faults.length > 0 && (
            <div className="pad">
              <Fault
                error={{
                  message: shown.faults.map(formatFault).join('\n'),
                }}
              />
            </div>
          )}
          <DagGraph
            tasks={shown.graph.tasks}
            states={new Map([...went].map(([task, { state }]) => [task, state]))}
          />
          <Pods dag={notebook.dag} version={notebook.version} pods={notebook.pods} />
        </aside>
      </div>
      {edit === null && (
        <p className="mode" aria-hidden>
          <span>
            <kbd>⏎</kbd> edit
          </span>
          {language === 'markdown' && (
            <>
              <span>
                <kbd>J</kbd> <kbd>K</kbd> next, previous
              </span>
              <span>
                <kbd>S</kbd> script
              </span>
            </>
          )}
          <span>
            <kbd>?</kbd> all keys
          </span>
        </p>
      )}
      {committing && (
        <CommitDialog
          notebook={notebook}
          text={text}
          onClose={() => setCommitting(false)}
          onDone={() => {
            draft.committed()
            reload()
          }}
          onMoved={reload}
        />
      )}
    </>
  )
}
