/** Text with `${{ … }}` in it. Offsets are UTF-16 units into the text. */
export type TemplatePart =
  { kind: 'text'; text: string } | { kind: 'expression'; source: string; start: number }

export interface Template {
  parts: TemplatePart[]
  /** The one expression when the text is exactly that: it keeps its type. */
  whole: { source: string; start: number } | null
}

/** @returns where a `${{` is that is never closed, instead of a template */
export function parseTemplate(text: string): Template | { unclosed: number } {
  const parts: TemplatePart[] = []
  let at = 0
  for (let open = text.indexOf('${{'); open >= 0; open = text.indexOf('${{', at)) {
    const close = closing(text, open + 3)
    if (close < 0) return { unclosed: open }
    if (open > at) parts.push({ kind: 'text', text: text.slice(at, open) })
    parts.push({ kind: 'expression', source: text.slice(open + 3, close), start: open + 3 })
    at = close + 2
  }
  if (at < text.length) parts.push({ kind: 'text', text: text.slice(at) })
  const [first] = parts
  const blank = parts.filter((part) => part.kind === 'expression' || part.text.trim() !== '')
  const only = blank.length === 1 ? blank[0] : first
  return {
    parts,
    whole:
      blank.length === 1 && only?.kind === 'expression' ? { source: only.source, start: only.start } : null,
  }
}

/** Where `}}` closes an expression; one inside a string of it does not, nor does one that closes two maps. */
function closing(text: string, from: number): number {
  let quote = ''
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const c = text[i] ?? ''
    if (quote !== '') {
      if (c === '\\') i++
      else if (c === quote) quote = ''
    } else if (c === '"' || c === "'") quote = c
    else if (c === '{') depth++
    else if (c === '}' && depth > 0) depth--
    else if (c === '}' && text[i + 1] === '}') return i
  }
  return -1
}
