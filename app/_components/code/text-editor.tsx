'use client'

import { indentWithTab } from '@codemirror/commands'
import { syntaxHighlighting } from '@codemirror/language'
import { lintGutter, setDiagnostics } from '@codemirror/lint'
import { EditorSelection, Text } from '@codemirror/state'
import { keymap } from '@codemirror/view'
import { classHighlighter } from '@lezer/highlight'
import { EditorView, basicSetup } from 'codemirror'
import { useEffect, useEffectEvent, useRef } from 'react'
import { editorLook } from './editor-look.ts'
import { languageOf } from './languages.ts'

export interface EditorFault {
  /** 1-based, within the text shown; columns count UTF-16 units. */
  line: number
  column: number
  message: string
}

interface Props {
  /** Read once: the editor keeps what is typed. */
  initial: string
  /** Where it opens, both 0-based; its start without one. */
  at?: { line: number; column: number }
  label: string
  /** A fence's first word. */
  language: string
  faults: readonly EditorFault[]
  onChange: (text: string) => void
  /** Escape, when nothing in the editor takes it. */
  onLeave: () => void
  /** Ctrl S or ⌘S. */
  onSave: () => void
}

function offsetOf(doc: Text, at: Props['at']): number {
  if (at === undefined || at.line >= doc.lines) return 0
  const line = doc.line(at.line + 1)
  return Math.min(line.to, line.from + at.column)
}

/** A text in CodeMirror, with faults at their lines. */
export function TextEditor({ initial, at, label, language, faults, onChange, onLeave, onSave }: Props) {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView | null>(null)
  const changed = useEffectEvent(onChange)
  const leave = useEffectEvent(onLeave)
  const save = useEffectEvent(onSave)
  const first = useEffectEvent(() => ({
    doc: Text.of(initial.split(/\r?\n/)),
    at,
    label,
    language: languageOf(language),
  }))
  useEffect(() => {
    if (host.current === null) return undefined
    const given = first()
    const act = (run: () => void) => () => {
      run()
      return true
    }
    const editor = new EditorView({
      parent: host.current,
      doc: given.doc,
      selection: EditorSelection.cursor(offsetOf(given.doc, given.at)),
      extensions: [
        basicSetup,
        editorLook,
        ...(given.language === null ? [] : [given.language]),
        syntaxHighlighting(classHighlighter),
        lintGutter(),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of({ 'aria-label': given.label }),
        // After the editor's own keys: Escape first ends what is open in it.
        keymap.of([
          { key: 'Escape', run: act(() => leave()) },
          { key: 'Mod-s', run: act(() => save()) },
          indentWithTab,
        ]),
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
