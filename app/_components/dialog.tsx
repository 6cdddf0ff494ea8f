'use client'

import { Dialog as Base } from '@base-ui/react/dialog'
import type { KeyboardEvent, ReactNode } from 'react'

interface Props {
  open: boolean
  title: string
  onClose: () => void
  wide?: boolean
  children: ReactNode
}

/** Enter on a closed choice sends its form, as it does in any other field; Space and the arrows open it. */
export function sendOnEnter(event: KeyboardEvent<HTMLFormElement>): void {
  if (event.key !== 'Enter' || !(event.target instanceof HTMLSelectElement)) return
  event.preventDefault()
  event.currentTarget.requestSubmit()
}

/** A modal: focus goes in and comes back, Escape closes it. */
export function Modal({ open, title, onClose, wide = false, children }: Props) {
  return (
    <Base.Root open={open} onOpenChange={(now) => !now && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className={wide ? 'modal wide' : 'modal'}>
          <Base.Title className="modal-title">{title}</Base.Title>
          {children}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}
