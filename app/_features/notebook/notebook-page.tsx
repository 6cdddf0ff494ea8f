'use client'

import { useMutation, useQuery } from '@tanstack/react-query'
import Markdown from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import { useEffect, useEffectEvent, useState } from 'react'
import type { Cell, Notebook } from '#server/views/version.ts'
import { TextDiff } from '../../_components/diff.tsx'
import { Modal } from '../../_components/dialog.tsx'
import { DagBar, Fault, Loading, type DagPlace } from '../../_components/page.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'
import { useLive } from '../../_trpc/use-live.ts'
import { DagGraph } from '../graph/dag-graph.tsx'
import { TextEditor } from './text-editor.tsx'

/** ms after the last key that a text is checked. */
const checkMs = 150

type Shown = Pick<Notebook, 'cells' | 'faults' | 'graph'>

/** A script without the two lines of its fence. */
const insideFence = (text: string) => text.trimEnd().split('\n').slice(1, -1).join('\n')

function CellView({ cell, text, faults }: { cell: Cell; text: string; faults: Notebook['faults'] }) {
  const body = text.slice(cell.body.start, cell.body.end)
  if (cell.kind === 'markdown')
    return (
      <div className="prose">
        <Markdown remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]}>
          {body}
        </Markdown>
      </div>
    )
  const end = cell.startLine + text.slice(cell.start, cell.end).split('\n').length
  const own = faults.filter((fault) => fault.line >= cell.startLine && fault.line < end)
  return (
    <section
      className={own.length > 0 ? 'cell bad' : 'cell'}
      id={cell.id ?? undefined}
      aria-label={`${cell.kind} ${cell.id ?? ''}`}
    >
      <header>
        <b>{cell.kind === 'front_matter' ? 'DAG' : (cell.id ?? 'task')}</b>
        <span className="muted">{cell.kind === 'front_matter' ? 'front matter' : cell.kind}</span>
      </header>
      <pre className="code" tabIndex={0}>
        {body.trimEnd()}
      </pre>
      {cell.script !== null && (
        <pre className="code script" tabIndex={0}>
          {insideFence(text.slice(cell.script.start, cell.script.end))}
        </pre>
      )}
      {own.map((fault) => (
        <p className="why" key={`${fault.line} ${fault.column} ${fault.message}`}>
          {fault.line}:{fault.column} {fault.message}
          {fault.guess === undefined ? '' : `, did you mean '${fault.guess}'?`}
        </p>
      ))}
    </section>
  )
}

interface CommitProps {
  place: DagPlace
  notebook: Notebook
  text: string
  onClose: () => void
  onDone: () => void
}

function CommitDialog({ place, notebook, text, onClose, onDone }: CommitProps) {
  const trpc = useTRPC()
  const [message, setMessage] = useState('')
  const commit = useMutation(trpc.dags.commit.mutationOptions({ onSuccess: onDone }))
  return (
    <Modal open wide title={`Commit to ${notebook.branch ?? ''}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          commit.mutate({ ...place, base: notebook.sha, text, message })
        }}
      >
        <div className="sheet">
          <TextDiff before={notebook.text} after={text} />
        </div>
        <label className="field">
          <span>What changed</span>
          <input className="input" value={message} onChange={(event) => setMessage(event.target.value)} />
        </label>
        {commit.error !== null && <Fault error={commit.error} />}
        <div className="actions">
          <button type="button" className="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary" disabled={commit.isPending}>
            Commit
          </button>
        </div>
      </form>
    </Modal>
  )
}

/** The notebook at the default branch's tip: its cells, or its file in an editor; what is typed is kept until committed. */
function Loaded({ place, notebook, reload }: { place: DagPlace; notebook: Notebook; reload: () => void }) {
  const trpc = useTRPC()
  const [text, setText] = useState(notebook.text)
  const [editing, setEditing] = useState(false)
  const [committing, setCommitting] = useState(false)
  const [shown, setShown] = useState<Shown>(notebook)
  const check = useMutation(trpc.dags.check.mutationOptions({ onSuccess: setShown }))
  const ask = useEffectEvent((now: string) => check.mutate({ ...place, base: notebook.sha, text: now }))
  const edited = text !== notebook.text
  useEffect(() => {
    if (!edited) return undefined
    const timer = setTimeout(() => ask(text), checkMs)
    return () => clearTimeout(timer)
  }, [text, edited])
  const tasks = shown.cells.filter((cell) => cell.kind === 'task')
  return (
    <>
      <DagBar place={place}>
        <span className="muted">
          {notebook.path} on {notebook.branch}{' '}
          {notebook.version === null ? '' : `v${notebook.version.number}`}
          {edited ? ', edited' : ''}
        </span>
        <button type="button" className="btn" aria-pressed={editing} onClick={() => setEditing(!editing)}>
          {editing ? 'Show cells' : 'Edit'}
        </button>
        <button type="button" className="btn primary" disabled={!edited} onClick={() => setCommitting(true)}>
          Commit
        </button>
      </DagBar>
      <div className="work">
        <nav className="contents-list" aria-label="Cells and files">
          <h3>Cells</h3>
          {tasks.map((cell) => (
            <a key={cell.start} href={`#${cell.id ?? ''}`}>
              {cell.id ?? 'task'}
            </a>
          ))}
          <h3>Files of this version</h3>
          {notebook.files.map((file) => (
            <span className="file mono" key={file.path} title={file.path}>
              {file.path}
            </span>
          ))}
        </nav>
        <main className="doc">
          {check.error !== null && <Fault error={check.error} />}
          {editing ? (
            <TextEditor initial={text} label={notebook.path} faults={shown.faults} onChange={setText} />
          ) : (
            shown.cells.map((cell) => (
              <CellView key={cell.start} cell={cell} text={text} faults={shown.faults} />
            ))
          )}
        </main>
        <aside aria-label="Graph">
          {shown.faults.length > 0 && (
            <div className="pad">
              <Fault
                error={{
                  message: shown.faults
                    .map((fault) => `${fault.file}:${fault.line}:${fault.column} ${fault.message}`)
                    .join('\n'),
                }}
              />
            </div>
          )}
          <DagGraph tasks={shown.graph.tasks} />
        </aside>
      </div>
      {committing && (
        <CommitDialog
          place={place}
          notebook={notebook}
          text={text}
          onClose={() => setCommitting(false)}
          onDone={reload}
        />
      )}
    </>
  )
}

/** A page of its own for each commit: a new one is shown at once unless something is being edited here. */
export function NotebookPage({ place }: { place: DagPlace }) {
  const trpc = useTRPC()
  const query = useQuery(
    trpc.dags.notebook.queryOptions(place, { staleTime: Infinity, refetchOnWindowFocus: false }),
  )
  const dag = useQuery(trpc.dags.get.queryOptions(place))
  useLive(dag.data === undefined ? [] : [`dag:${dag.data.id}`], () => void dag.refetch())
  const { data, error } = query
  const moved =
    dag.data?.version != null && data?.version != null && dag.data.version.number > data.version.number
  return (
    <>
      {data === undefined && <DagBar place={place} />}
      {error !== null && <Fault error={error} />}
      {data === undefined && error === null && <Loading />}
      {moved && (
        <p className="why" role="status">
          v{dag.data?.version?.number} is there.{' '}
          <button type="button" className="btn" onClick={() => void query.refetch()}>
            Show it
          </button>{' '}
          That drops what is typed here and not committed.
        </p>
      )}
      {data !== undefined && (
        <Loaded
          key={data.sha}
          place={place}
          notebook={data}
          reload={() => {
            void query.refetch()
            void dag.refetch()
          }}
        />
      )}
    </>
  )
}
