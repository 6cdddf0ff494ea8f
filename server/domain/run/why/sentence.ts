/** Sentences whose parts may lead somewhere: the same words for pages, REST and the command line. */

/** What a part of a sentence leads to. */
export type Target =
  | { kind: 'run'; repo: string; dag: string; number: number; task: string | null; key: string | null }
  /** Of the same run. */
  | { kind: 'task'; task: string; key: string | null }
  | { kind: 'dag'; repo: string; dag: string }
  | { kind: 'pools' }

export type Part = string | { text: string; to: Target }
/** One sentence, or two. */
export type Why = readonly Part[]

/** Parts of a list that are named. */
export const named = 3

/** A template whose values are texts, numbers, parts, or lists of parts. */
export function say(texts: TemplateStringsArray, ...values: (Part | Why | number)[]): Why {
  return texts.flatMap((text, i): Part[] => {
    const value = values[i]
    const more = value === undefined ? [] : [value].flat()
    return [text, ...more.map((part) => (typeof part === 'number' ? String(part) : part))]
  })
}

/** `a`, `a and b`, `a, b, c and 4 more`. @param all how many there are, when not all of them are given */
export function listed(parts: readonly (Part | Why)[], all = parts.length): Why {
  const first = parts.slice(0, named)
  const rest = all - first.length
  const said: (Part | Why)[] = rest > 0 ? [...first, `${rest} more`] : first
  return said.flatMap((part, i): Part[] => [
    ...(i === 0 ? [] : [i === said.length - 1 ? ' and ' : ', ']),
    ...[part].flat(),
  ])
}

/** `train`, or `train (alpha=0.1)`. */
export const nameOf = ({ task, key }: { task: string; key: string | null }): string =>
  key === null ? task : `${task} (${key})`

export const taskPart = (task: string, key: string | null = null): Part => ({
  text: nameOf({ task, key }),
  to: { kind: 'task', task, key },
})

/** `2026-11-26 06:00:03 UTC`; ms since the epoch. */
export const moment = (ms: number): string =>
  `${new Date(ms).toISOString().slice(0, 19).replace('T', ' ')} UTC`

export const wordsOf = (why: Why): string =>
  why.map((part) => (typeof part === 'string' ? part : part.text)).join('')
