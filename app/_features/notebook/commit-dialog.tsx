'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import type { Notebook } from '#server/views/version.ts'
import { TextDiff } from '../../_components/diff.tsx'
import { Modal } from '../../_components/dialog.tsx'
import { Fault } from '../../_components/page.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

interface Props {
  notebook: Notebook
  text: string
  onClose: () => void
  onDone: () => void
  /** The branch is not where it was: nothing was committed. */
  onMoved: () => void
}

/** The difference that will be committed, and what is said of it. */
export function CommitDialog({ notebook, text, onClose, onDone, onMoved }: Props) {
  const trpc = useTRPC()
  const [message, setMessage] = useState('')
  const commit = useMutation(
    trpc.dags.commit.mutationOptions({
      onSuccess: onDone,
      onError: (error) => error.data?.code === 'CONFLICT' && onMoved(),
    }),
  )
  return (
    <Modal open wide title={`Commit to ${notebook.branch ?? ''}`} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          commit.mutate({ ...notebook.dag, base: notebook.sha, text, message })
        }}
      >
        <div className="sheet scroll">
          <TextDiff before={notebook.text} after={text} />
        </div>
        <label className="field">
          <span>What changed</span>
          <input
            className="input"
            autoFocus
            value={message}
            onChange={(event) => setMessage(event.target.value)}
          />
        </label>
        {commit.error !== null && <Fault error={commit.error} />}
        <div className="actions">
          <button type="button" className="btn ghost" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="btn primary" disabled={commit.isPending}>
            Commit <kbd>⏎</kbd>
          </button>
        </div>
      </form>
    </Modal>
  )
}
