'use client'

import { useEffect, useEffectEvent, useSyncExternalStore } from 'react'
import { actFor, type KeyAct } from './key-table.ts'
import { lettersAct, watchLetters } from './letter-keys.ts'

export type { KeyAct }

/** The tables of what is on the screen now, outermost first. */
interface Table {
  /** Its keys and words: the same ones are the same table. */
  named: string
  acts: readonly KeyAct[]
}
let tables: readonly Table[] = []
const listeners = new Set<() => void>()

function show(next: readonly Table[]): void {
  tables = next
  for (const tell of listeners) tell()
}

const watchTables = (tell: () => void) => {
  listeners.add(tell)
  return () => listeners.delete(tell)
}
const none: readonly Table[] = []

/** Every key of the page, for help and palette. */
export const useKeyActs = () =>
  useSyncExternalStore(
    watchTables,
    () => tables,
    () => none,
  ).flatMap((table) => table.acts)

export const useLettersAct = () => useSyncExternalStore(watchLetters, lettersAct, () => true)

/** Whether keys pressed there belong to what is there: something typed into, an open dialog, a box that scrolls. */
function takenBy(target: EventTarget | null, key: string): 'all' | 'arrows' | 'none' {
  // One that is just opening may not have the focus yet.
  if (document.querySelector('[role=dialog][data-open]') !== null) return 'all'
  if (!(target instanceof Element)) return 'none'
  if (target.closest('textarea, select, [contenteditable=true]') !== null) return 'all'
  const input = target.closest('input')
  if (input !== null) return ['checkbox', 'radio'].includes(input.type) ? 'arrows' : 'all'
  if (key === 'Enter' && target.closest('a, button, summary, [role=button]') !== null) return 'arrows'
  return target.closest('[data-own-arrows]') === null ? 'none' : 'arrows'
}

/** Keys that act on a page; not while something is typed, or a dialog is open. */
export function useKeys(acts: readonly KeyAct[]): void {
  const press = useEffectEvent((event: KeyboardEvent) => {
    if (event.defaultPrevented) return
    const found = actFor(acts, {
      key: event.key,
      modified: event.ctrlKey || event.metaKey || event.altKey,
      taken: takenBy(event.target, event.key),
      letters: lettersAct(),
    })
    if (found === null) return
    event.preventDefault()
    found.act()
  })
  // The table is shown as it was when its keys last changed; what a key does is always of the last render.
  const shown = useEffectEvent((index: number) => acts[index]?.act())
  const named = acts.map((one) => `${one.key} ${one.words}`).join('\n')
  const describe = useEffectEvent(() =>
    acts.map((one, index): KeyAct => ({ ...one, act: () => shown(index) })),
  )
  useEffect(() => {
    const table = { named, acts: describe() }
    show([...tables, table])
    const listen = (event: KeyboardEvent) => press(event)
    window.addEventListener('keydown', listen)
    return () => {
      window.removeEventListener('keydown', listen)
      show(tables.filter((one) => one !== table))
    }
  }, [named])
}
