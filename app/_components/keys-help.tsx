'use client'

import { Keyboard } from 'lucide-react'
import { useState } from 'react'
import { Modal } from './dialog.tsx'
import { keyName } from './key-table.ts'
import { setLettersAct } from './letter-keys.ts'
import { useKeys, useKeyActs, useLettersAct } from './use-keys.ts'

/** The button and the key that show what the keys of this page do. */
export function KeysHelp() {
  const [open, setOpen] = useState(false)
  const acts = useKeyActs()
  const letters = useLettersAct()
  useKeys([{ key: '?', words: 'Show the keys of this page', act: () => setOpen(true) }])
  return (
    <>
      <button type="button" aria-label="Keys of this page" title="Keys (?)" onClick={() => setOpen(true)}>
        <Keyboard aria-hidden />
      </button>
      <Modal open={open} title="Keys of this page" onClose={() => setOpen(false)}>
        <dl className="keylist">
          <dt>
            <kbd>Ctrl K</kbd> <kbd>⌘K</kbd>
          </dt>
          <dd>Go to a DAG, a run, a page</dd>
          {acts.map((one) => (
            <div key={`${one.key} ${one.words}`} style={{ display: 'contents' }}>
              <dt>
                {[one.key, ...(one.also ?? [])].map((key) => (
                  <kbd key={key}>{keyName(key)}</kbd>
                ))}
              </dt>
              <dd>{one.words}</dd>
            </div>
          ))}
        </dl>
        <label className="check">
          <input
            type="checkbox"
            checked={letters}
            onChange={(event) => setLettersAct(event.target.checked)}
          />{' '}
          Single letters act. Off: only arrows, Enter, Esc and Ctrl K do.
        </label>
      </Modal>
    </>
  )
}
