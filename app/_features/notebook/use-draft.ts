'use client'

import { useState } from 'react'
import type { Notebook } from '#server/views/version.ts'
import { draftKey, dropDraft, keepDraft, readDraft, type Draft } from './drafts.ts'
import { mergeTexts } from './merge-texts.ts'

/** The text that is edited, kept in this browser on every change; and a draft of another commit, until it is settled. */
export function useDraft(email: string, notebook: Notebook) {
  const { team, repo, dag } = notebook.dag
  const key = draftKey(email, `${team}/${repo}/${dag}`, notebook.branch ?? '')
  const [found] = useState(() => readDraft(localStorage, key))
  const differs = found !== null && found.text !== notebook.text
  // A commit that left this file alone does not come between a draft and it.
  const mine = differs && (found.base === notebook.sha || found.baseText === notebook.text)
  const [text, setText] = useState(mine ? found.text : notebook.text)
  const [taken, setTaken] = useState(mine ? found.at : null)
  const [other, setOther] = useState<Draft | null>(differs && !mine ? found : null)
  const [unkept, setUnkept] = useState(false)
  const [dropped, setDropped] = useState<string | null>(null)
  const change = (next: string) => {
    setText(next)
    setDropped(null)
    setTaken(null)
    const draft = {
      base: notebook.sha,
      baseText: notebook.text,
      text: next,
      at: new Date().toISOString(),
    }
    setUnkept(!keepDraft(localStorage, key, draft))
  }
  const drop = () => {
    dropDraft(localStorage, key)
    setDropped(text === notebook.text ? (other?.text ?? null) : text)
    setText(notebook.text)
    setTaken(null)
    setOther(null)
  }
  return {
    text,
    change,
    drop,
    /** What was dropped since the page was opened, until something is typed. */
    dropped,
    /** It is in the branch now. */
    committed: () => dropDraft(localStorage, key),
    /** When a draft was taken up again that had been left here; null once it is typed on. */
    taken,
    /** Typed upon a commit that is not the tip any more. */
    other,
    /** `other` upon this commit; null where the same lines changed. */
    rebased: other === null ? null : mergeTexts(other.baseText, other.text, notebook.text),
    settle: (next: string) => {
      change(next)
      setOther(null)
    },
    /** The browser could not store it. */
    unkept,
  }
}
