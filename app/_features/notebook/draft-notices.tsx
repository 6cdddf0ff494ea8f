'use client'

import type { Notebook } from '#server/views/version.ts'
import { TextDiff } from '../../_components/diff.tsx'
import { Ago } from '../../_components/time.tsx'
import type { useDraft } from './use-draft.ts'

type Draft = ReturnType<typeof useDraft>

/** The branch has moved under a draft: both texts, and what can be done. Nothing happens by itself. */
function Moved({ draft, notebook }: { draft: Draft; notebook: Notebook }) {
  const { other, rebased } = draft
  if (other === null) return null
  const tip = notebook.version === null ? notebook.branch : `v${notebook.version.number}`
  return (
    <section className="sheet notice" aria-label="Your text and the branch’s">
      <p role="status">
        <b>{notebook.branch} has moved while you were editing.</b> It is at {tip} now,{' '}
        <span className="sha">{notebook.sha.slice(0, 7)}</span>; what you typed <Ago time={other.at} /> upon{' '}
        <span className="sha">{other.base.slice(0, 7)}</span> is kept and is nowhere else.
        {rebased === null && ' The same lines changed in both, so they cannot be put together by themselves.'}
      </p>
      <div className="actions">
        {rebased !== null && (
          <button type="button" className="btn primary" onClick={() => draft.settle(rebased)}>
            Put my changes on {tip}
          </button>
        )}
        <button type="button" className="btn" onClick={() => draft.settle(other.text)}>
          Take my text as it is
        </button>
        <button type="button" className="btn danger" onClick={draft.drop}>
          Drop my text
        </button>
      </div>
      <details open>
        <summary>
          {tip} <span className="muted">against your text</span>
        </summary>
        <TextDiff before={notebook.text} after={other.text} />
      </details>
    </section>
  )
}

/** What is to be known of a draft before one goes on. */
export function DraftNotices({ draft, notebook }: { draft: Draft; notebook: Notebook }) {
  const { dropped } = draft
  return (
    <>
      <Moved draft={draft} notebook={notebook} />
      {draft.taken !== null && (
        <p className="sheet notice" role="status">
          What you typed here <Ago time={draft.taken} /> and did not commit is here again.{' '}
          <button type="button" className="btn" onClick={draft.drop}>
            Drop it
          </button>
        </p>
      )}
      {dropped !== null && (
        <p className="sheet notice" role="status">
          Your text was dropped.{' '}
          <button type="button" className="btn" onClick={() => draft.change(dropped)}>
            Bring it back
          </button>
        </p>
      )}
      {draft.unkept && (
        <p className="why" role="alert">
          This browser cannot store what you type: commit before you leave the page.
        </p>
      )}
    </>
  )
}
