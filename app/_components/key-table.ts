/** What the keys of the page do: one table that acts on them, and that help and palette show. */

export interface KeyAct {
  /** As `KeyboardEvent.key` has it. */
  key: string
  /** What it does, as help and palette say it. */
  words: string
  act: () => void
  /** Further keys that do the same. */
  also?: readonly string[]
  /** Left out of the palette: moving about, which only a key does well. */
  moves?: boolean
}

interface Pressed {
  key: string
  /** A modifier is held that makes it somebody else's. */
  modified: boolean
  /** Where it was pressed takes keys itself. */
  taken: 'all' | 'arrows' | 'none'
  letters: boolean
}

const arrows = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight', 'Enter', 'Home', 'End'])

/** The act of a key press, or null when it is not the page's. */
export function actFor(table: readonly KeyAct[], pressed: Pressed): KeyAct | null {
  const { key, modified, taken, letters } = pressed
  if (modified || taken === 'all') return null
  if (taken === 'arrows' && arrows.has(key)) return null
  if (key.length === 1 && !letters) return null
  return table.find((one) => one.key === key || one.also?.includes(key) === true) ?? null
}

const names: Record<string, string> = {
  ArrowUp: '↑',
  ArrowDown: '↓',
  ArrowLeft: '←',
  ArrowRight: '→',
  Enter: '⏎',
  Escape: 'Esc',
}

/** How a key is shown: letters as on the keyboard. */
export const keyName = (key: string): string =>
  names[key] ?? (/^[a-z]$/.test(key) ? key.toUpperCase() : /^[A-Z]$/.test(key) ? `⇧${key}` : key)
