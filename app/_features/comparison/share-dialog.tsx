'use client'

import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { linkDays, type ComparisonState } from '#server/domain/comparison/state.ts'
import { Modal } from '../../_components/dialog.tsx'
import { Copy, Fault } from '../../_components/page.tsx'
import { useTRPC } from '../../_trpc/provider.tsx'

/** The address of a share link, this once. */
function MadeLink({ link, days }: { link: string; days: number }) {
  return (
    <>
      <label className="field">
        <span className="muted">
          Whoever has it sees this comparison, and nothing else, for {days} {days === 1 ? 'day' : 'days'}. It
          is shown once; revoke it under Settings.
        </span>
        <input
          className="input mono"
          readOnly
          // What was asked for stands here now: the keyboard goes on from it.
          autoFocus
          value={link}
          aria-label="Share link"
          onFocus={(event) => event.target.select()}
        />
      </label>
      <div className="actions">
        <Copy text={link} label="link" />
      </div>
    </>
  )
}

/** Asks for how long, and makes the link only then. */
export function ShareDialog({ state, onClose }: { state: ComparisonState; onClose: () => void }) {
  const trpc = useTRPC()
  const [days, setDays] = useState(String(linkDays.usual))
  const create = useMutation(trpc.comparisons.create.mutationOptions())
  const share = useMutation(trpc.comparisons.share.mutationOptions())
  const error = create.error ?? share.error
  const made = share.data
  const send = () => create.mutate(state, { onSuccess: ({ id }) => share.mutate({ id, days: Number(days) }) })
  return (
    <Modal open title="Share link" onClose={onClose}>
      {made === undefined ? (
        <form
          onSubmit={(event) => {
            event.preventDefault()
            send()
          }}
        >
          <p className="muted">
            Whoever has the link sees this comparison, and nothing else, without signing in.
          </p>
          <label className="field">
            <span>Days it is good for</span>
            <input
              className="input"
              type="number"
              required
              min={1}
              max={linkDays.longest}
              value={days}
              onChange={(event) => setDays(event.target.value)}
            />
          </label>
          {error !== null && <Fault error={error} />}
          <div className="actions">
            <button type="button" className="btn ghost" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" className="btn primary" disabled={create.isPending || share.isPending}>
              Make the link <kbd>⏎</kbd>
            </button>
          </div>
        </form>
      ) : (
        <MadeLink link={made.url} days={Number(days)} />
      )}
    </Modal>
  )
}
