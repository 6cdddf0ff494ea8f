'use client'

import { memo, type KeyboardEvent, type MouseEvent, type ReactNode } from 'react'
import Markdown from 'react-markdown'
import rehypeSanitize from 'rehype-sanitize'
import remarkGfm from 'remark-gfm'
import type { Cell } from '#server/views/version.ts'
import { Words } from '../../_components/words.tsx'
import { Code } from '../../_components/code/code.tsx'
import { StatusDot, stateWords } from '../../_components/status.tsx'
import { durationWords } from '../../_components/time.tsx'
import type { Fault } from './cell-edit.ts'
import { pressedAt, type TextPlace } from './pressed-at.ts'
import type { Went } from './went.ts'

interface Props {
  index: number
  kind: Cell['kind']
  id: string | null
  body: string
  script: string | null
  language: string
  faults: readonly Fault[]
  went: Went | null
  /** Stands in the place of the part that is edited. */
  editor?: { part: 'body' | 'script'; view: ReactNode }
  onEdit: (index: number, part: 'body' | 'script', at?: TextPlace) => void
}

/** A press that only selects text, or follows a link, begins no edit. */
const meant = (event: MouseEvent) =>
  !(event.target as Element).closest('a') && (window.getSelection()?.isCollapsed ?? true)

function Faults({ faults }: { faults: readonly Fault[] }) {
  return faults.map((fault) => (
    <p className="why" key={`${fault.line} ${fault.column} ${fault.message}`}>
      {fault.line}:{fault.column} <Words text={fault.message} />
      {fault.guess === undefined ? '' : `, did you mean '${fault.guess}'?`}
    </p>
  ))
}

function Head({ kind, id, went }: Pick<Props, 'kind' | 'id' | 'went'>) {
  return (
    <header>
      {went !== null && <StatusDot state={went.state} />}
      <b>{kind === 'front_matter' ? 'DAG' : (id ?? 'task')}</b>
      <span className="muted">
        {kind === 'front_matter' ? 'front matter' : kind}
        {went !== null && went.items > 1 ? ` × ${went.items}` : ''}
      </span>
      <span className="grow" />
      {went !== null && (
        <a className="muted" href={went.href}>
          run {went.run}
          {went.otherVersion === null ? '' : ` of v${went.otherVersion}`}: {stateWords(went.state)}
          {went.duration === null ? '' : ` in ${durationWords(went.duration)}`}
        </a>
      )}
    </header>
  )
}

/** A cell as it is read; each part of it is edited by a click or Enter. */
export const CellView = memo(function CellView(props: Props) {
  const { index, kind, id, body, script, language, faults, editor, onEdit } = props
  const press = (part: 'body' | 'script') => ({
    tabIndex: 0,
    onClick: (event: MouseEvent) => {
      if (meant(event)) onEdit(index, part, pressedAt(event.currentTarget, event))
    },
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key !== 'Enter' || event.target !== event.currentTarget) return
      event.preventDefault()
      onEdit(index, part)
    },
  })
  if (kind === 'markdown' && editor === undefined)
    return (
      <section className="prose" data-cell={index} aria-label="Prose" {...press('body')}>
        <Markdown remarkPlugins={[remarkGfm]} rehypePlugins={[rehypeSanitize]}>
          {body}
        </Markdown>
        <Faults faults={faults} />
      </section>
    )
  return (
    <section
      className={`cell ${faults.length > 0 ? 'bad' : ''} ${editor === undefined ? '' : 'edited'}`}
      id={id ?? undefined}
      data-cell={index}
      tabIndex={-1}
      aria-label={`${kind} ${id ?? ''}`}
    >
      {kind !== 'markdown' && <Head {...props} />}
      {editor?.part === 'body' ? (
        editor.view
      ) : (
        <pre
          className="code"
          {...press('body')}
          role="group"
          aria-label={`Keys of ${id ?? kind}, Enter edits`}
        >
          <Code text={body} language="yaml" />
        </pre>
      )}
      {editor?.part === 'script'
        ? editor.view
        : script !== null && (
            <pre
              className="code script"
              {...press('script')}
              role="group"
              aria-label={`Script of ${id ?? kind}, Enter edits`}
            >
              <Code text={script} language={language} from={1} />
            </pre>
          )}
      <Faults faults={faults} />
    </section>
  )
}, same)

const compared = ['index', 'kind', 'id', 'body', 'script', 'language', 'went', 'editor', 'onEdit'] as const

/** Offsets move with every key; what is shown of a cell seldom does. */
function same(a: Props, b: Props): boolean {
  return (
    compared.every((name) => a[name] === b[name]) && JSON.stringify(a.faults) === JSON.stringify(b.faults)
  )
}
