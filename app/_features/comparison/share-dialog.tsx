'use client'

import { Modal } from '../../_components/dialog.tsx'
import { Copy } from '../../_components/page.tsx'

/** The address of a share link, this once. */
export function ShareDialog({ link, days, onClose }: { link: string; days: number; onClose: () => void }) {
  return (
    <Modal open title="Share link" onClose={onClose}>
      <label className="field">
        <span className="muted">
          Whoever has it sees this comparison, and nothing else, for {days} days. It is shown once; revoke it
          under Settings.
        </span>
        <input
          className="input mono"
          readOnly
          value={link}
          aria-label="Share link"
          onFocus={(event) => event.target.select()}
        />
      </label>
      <div className="actions">
        <Copy text={link} label="link" />
      </div>
    </Modal>
  )
}
