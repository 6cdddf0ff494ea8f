/** Edits as splices (N4): what was typed goes in where it was typed, and every other byte stays as it was. */
import type { Span } from './located.ts'

/** Part of a text that is edited by itself. */
export interface EditRange extends Span {
  /** It holds no line yet: a line end goes in after what is typed. */
  open: boolean
}

const lineEnd = /\r\n?|\n/g

/** What an editor shows of a text: every line end as LF. */
export const editorText = (text: string): string => text.replaceAll(lineEnd, '\n')

/** What is edited of a cell's body: its lines without the end of the last one. */
export function editRange(text: string, body: Span): EditRange {
  const last = /(?:\r\n|\r|\n)$/.exec(text.slice(body.start, body.end))?.[0] ?? ''
  return { start: body.start, end: body.end - last.length, open: body.start === body.end }
}

/** The offset in a text of an offset in what an editor shows of it. */
function places(text: string): (shown: number) => number {
  if (!text.includes('\r')) return (shown) => shown
  const out: number[] = []
  for (let at = 0; at < text.length; at++) {
    out.push(at)
    if (text[at] === '\r' && text[at + 1] === '\n') at++
  }
  return (shown) => out[shown] ?? text.length
}

/** Length of what both begin with. */
function common(a: string, b: string): number {
  const most = Math.min(a.length, b.length)
  let n = 0
  while (n < most && a.charCodeAt(n) === b.charCodeAt(n)) n++
  return n
}

/** Length of what both end with, `limit` at most. */
function commonEnd(a: string, b: string, limit: number): number {
  let n = 0
  while (n < limit && a.charCodeAt(a.length - 1 - n) === b.charCodeAt(b.length - 1 - n)) n++
  return n
}

/**
 * `text` after its `range` was made `typed` in an editor, whose lines end with LF. What typing left alone keeps its
 * bytes, line ends included; new lines end as the range's first line does, else as the text's.
 */
export function splice(text: string, range: EditRange, typed: string): string {
  const old = text.slice(range.start, range.end)
  const end = (/\r\n?|\n/.exec(old) ?? /\r\n?|\n/.exec(text))?.[0] ?? '\n'
  const shown = editorText(old)
  const now = editorText(typed)
  const head = common(shown, now)
  const tail = commonEnd(shown, now, Math.min(shown.length, now.length) - head)
  const place = places(old)
  const kept = old.slice(0, place(head))
  const made = now.slice(head, now.length - tail).replaceAll('\n', end)
  const rest = old.slice(place(shown.length - tail))
  const closing = range.open && now !== '' ? end : ''
  return text.slice(0, range.start) + kept + made + rest + closing + text.slice(range.end)
}
