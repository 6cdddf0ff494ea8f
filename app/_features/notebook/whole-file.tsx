'use client'

import { isProgram } from '#server/domain/notebook/program.ts'
import { Code } from '../../_components/code/code.tsx'
import { fileLanguage } from './cell-edit.ts'

interface Props {
  path: string
  text: string
  onEdit: () => void
}

/** A file that has no cells, as it is read: YAML, or a program. */
export function WholeFile({ path, text, onEdit }: Props) {
  const words = isProgram(path)
    ? 'A program: run once per version, it prints the DAG.'
    : 'A DAG as YAML, without cells.'
  return (
    <section className="cell" aria-label={path}>
      <header>
        <b className="mono">{path}</b>
        <span className="muted">{words}</span>
      </header>
      <pre
        className="code"
        tabIndex={0}
        role="group"
        aria-label={`Text of ${path}, Enter edits`}
        onClick={() => (window.getSelection()?.isCollapsed ?? true) && onEdit()}
        onKeyDown={(event) => {
          if (event.key !== 'Enter') return
          event.preventDefault()
          onEdit()
        }}
      >
        <Code text={text.replace(/\r?\n$/, '')} language={fileLanguage(path)} from={1} />
      </pre>
    </section>
  )
}
