'use client'

import { Dialog } from '@base-ui/react/dialog'
import { useQuery } from '@tanstack/react-query'
import { Command } from 'cmdk'
import { Search } from 'lucide-react'
import { useRouter } from 'next/navigation'
import { useEffect, useRef, useState } from 'react'
import { keyName } from '../../_components/key-table.ts'
import { StatusDot } from '../../_components/status.tsx'
import { useKeyActs } from '../../_components/use-keys.ts'
import { useTRPC } from '../../_trpc/provider.tsx'
import { findItems, type PaletteItem } from './palette-items.ts'

const kinds = { key: 'here', page: 'page', dag: 'DAG', run: 'run' } as const

/** What is found for the words that are typed. */
function Found({ close }: { close: () => void }) {
  const trpc = useTRPC()
  const router = useRouter()
  const [typed, setTyped] = useState('')
  const { data } = useQuery(trpc.dags.list.queryOptions({}))
  const acts = useKeyActs().filter((one) => one.moves !== true)
  const keys = acts.map((one): PaletteItem => ({
    id: `key ${one.key}`,
    kind: 'key',
    name: one.words,
    more: keyName(one.key),
    href: null,
  }))
  const open = (item: PaletteItem) => {
    close()
    if (item.href !== null) return router.push(item.href)
    const act = acts.find((one) => `key ${one.key}` === item.id)?.act
    // After the palette has given the focus back.
    if (act !== undefined) setTimeout(act)
  }
  return (
    <Command shouldFilter={false} loop label="Go to">
      <Command.Input
        // At once: the dialog gives the focus a frame later, and what is typed until then would be the page's.
        autoFocus
        className="palette-input"
        placeholder="A DAG, a run, a page, an action"
        aria-label="Go to a DAG, a run, a page"
        value={typed}
        onValueChange={setTyped}
      />
      <Command.List className="palette-list">
        <Command.Empty className="muted pad">Nothing has all of these words.</Command.Empty>
        {findItems(typed, data?.dags ?? [], keys).map((item) => (
          <Command.Item key={item.id} value={item.id} onSelect={() => open(item)}>
            {item.state === undefined ? <i /> : <StatusDot state={item.state} />}
            <b>{item.name}</b>
            {item.kind === 'key' ? <kbd>{item.more}</kbd> : <span className="muted">{item.more}</span>}
            <span className="kind">{kinds[item.kind]}</span>
          </Command.Item>
        ))}
      </Command.List>
    </Command>
  )
}

/** Ctrl K or ⌘K from every page. */
export function Palette() {
  const [open, setOpen] = useState(false)
  const trigger = useRef<HTMLButtonElement>(null)
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() !== 'k' || !(event.ctrlKey || event.metaKey) || event.altKey) return
      event.preventDefault()
      setOpen((now) => !now)
    }
    window.addEventListener('keydown', listen, true)
    // Announced once it is heard: what the server has drawn hears nothing yet.
    trigger.current?.setAttribute('aria-keyshortcuts', 'Control+K Meta+K')
    return () => window.removeEventListener('keydown', listen, true)
  }, [])
  return (
    <Dialog.Root open={open} onOpenChange={setOpen}>
      <Dialog.Trigger ref={trigger} aria-label="Go to" title="Go to (Ctrl K)">
        <Search aria-hidden />
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="backdrop" />
        <Dialog.Popup className="modal palette" aria-label="Go to">
          <Found close={() => setOpen(false)} />
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  )
}
