/** What the product logs, for the history. */
import { pino } from 'pino'
import type { History } from './history.ts'

const silent = pino({ level: 'silent' })

const errorOf = (details: unknown) =>
  (details as { err?: { message?: string } } | undefined)?.err?.message ?? ''

export function logInto(history: History, name: string): typeof silent {
  const note = (details: unknown, text: string) =>
    history.add({ kind: 'log', text: `${name}: ${text}: ${errorOf(details)}` })
  return Object.assign(Object.create(silent) as typeof silent, { error: note, warn: note })
}
