/** Inputs from outside, and what is wrong with them in words. */
import { z } from 'zod'
import { DagbokError } from './errors.ts'

/** A part for each fault: `runs[0]: Invalid UUID; days: Too big`. */
export const inputFaults = (error: z.ZodError): string =>
  error.issues
    .map(({ path, message }) => (path.length === 0 ? message : `${z.core.toDotPath(path)}: ${message}`))
    .join('; ')

const isText = (text: string): boolean => text.isWellFormed() && !text.includes('\0')

/** Whether every text in it, names of fields too, is one that a database can keep: whole characters, none of them NUL. */
export function hasOnlyTexts(input: unknown): boolean {
  const waiting: unknown[] = [input]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value === 'string' && !isText(value)) return false
    if (typeof value !== 'object' || value === null) continue
    for (const [name, inner] of Object.entries(value)) waiting.push(name, inner)
  }
  return true
}

export const noText = 'A text holds a NUL character or half a surrogate pair: leave that out.'

/** @throws DagbokError `bad_input` that names each part that does not fit */
export function checkedInput<T>(schema: z.ZodType<T>, input: unknown): T {
  if (!hasOnlyTexts(input)) throw new DagbokError('bad_input', noText)
  const result = schema.safeParse(input)
  if (!result.success) throw new DagbokError('bad_input', inputFaults(result.error))
  return result.data
}
