'use client'

/** Whether single characters act on pages. A setting of this browser: it can be turned off (WCAG 2.1.4). */
const place = 'dagbok-letter-keys'
const listeners = new Set<() => void>()

export const lettersAct = (): boolean => {
  try {
    return localStorage.getItem(place) !== 'off'
  } catch {
    return true
  }
}

export function setLettersAct(on: boolean): void {
  try {
    if (on) localStorage.removeItem(place)
    else localStorage.setItem(place, 'off')
  } catch {
    // A browser that stores nothing forgets it with the page.
  }
  for (const tell of listeners) tell()
}

export function watchLetters(tell: () => void): () => void {
  listeners.add(tell)
  return () => listeners.delete(tell)
}
