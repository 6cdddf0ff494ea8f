'use client'

import { markdown } from '@codemirror/lang-markdown'
import { HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import { tags } from '@lezer/highlight'
import { EditorView, basicSetup } from 'codemirror'
import { useEffect, useEffectEvent, useRef } from 'react'

/** The colours of code, from the tokens: the same in light and dark. */
const colours = HighlightStyle.define([
  { tag: tags.heading, fontWeight: '600' },
  { tag: tags.strong, fontWeight: '600' },
  { tag: tags.emphasis, fontStyle: 'italic' },
  { tag: [tags.keyword, tags.labelName, tags.link, tags.url], color: 'var(--accent)' },
  { tag: [tags.string, tags.monospace], color: 'var(--ok)' },
  { tag: [tags.comment, tags.meta, tags.processingInstruction], color: 'var(--ink-3)' },
])

export interface EditorFault {
  /** 1-based, within the text shown; columns count UTF-16 units. */
  line: number
  column: number
  message: string
}

interface Props {
  initial: string
  label: string
  faults: readonly EditorFault[]
  onChange: (text: string) => void
}

/** A text in CodeMirror, with faults at their lines. It keeps what is typed; `initial` is read once. */
export function TextEditor({ initial, label, faults, onChange }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const changed = useEffectEvent(onChange)
  const first = useEffectEvent(() => ({ doc: initial, label }))
  useEffect(() => {
    if (host.current === null) return undefined
    const { doc, label: name } = first()
    const editor = new EditorView({
      parent: host.current,
      doc,
      extensions: [
        basicSetup,
        markdown(),
        syntaxHighlighting(colours),
        lintGutter(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': name }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.sliceDoc())
        }),
      ],
    })
    editor.focus()
    view.current = editor
    return () => {
      view.current = null
      editor.destroy()
    }
  }, [])
  useEffect(() => {
    const editor = view.current
    if (editor === null) return
    const { doc } = editor.state
    const diagnostics = faults
      .filter((fault) => fault.line >= 1 && fault.line <= doc.lines)
      .map((fault) => {
        const line = doc.line(fault.line)
        const from = Math.min(line.to, line.from + fault.column - 1)
        return { from, to: line.to, severity: 'error' as const, message: fault.message }
      })
    editor.dispatch(setDiagnostics(editor.state, diagnostics))
  }, [faults])
  return <div ref={host} className="editor" />
}
