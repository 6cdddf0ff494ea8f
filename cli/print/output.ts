/** Answers go to stdout, everything else to stderr: what reads one is not disturbed by the other. */
import { styleText } from 'node:util'

export const say = (line: string): void => void process.stdout.write(`${line}\n`)
export const sayJson = (value: unknown): void => say(JSON.stringify(value, null, 2))
export const warn = (line: string): void => void process.stderr.write(`${line}\n`)

/** A text of others on a line of ours: without what a terminal would take for a command. */
export const plain = (text: string): string => text.replaceAll(/\p{Cc}+/gu, ' ')

const good = new Set(['succeeded', 'better'])
const bad = new Set(['failed', 'upstream_failed', 'lost', 'regressed', 'worse'])
const going = new Set(['running', 'starting', 'submitted'])

type Tone = 'green' | 'red' | 'yellow' | 'dim'

function toneOf(word: string): Tone {
  if (good.has(word)) return 'green'
  if (bad.has(word)) return 'red'
  return going.has(word) ? 'yellow' : 'dim'
}

/** In colour on a terminal, unless NO_COLOR asks for none. */
const coloured = (tone: Tone, text: string) => styleText(tone, text, { stream: process.stdout })

/** `text` in the colour of a state, a verdict, or what became of a figure. */
export const toned = (word: string, text = word.replace('_', ' ')): string => coloured(toneOf(word), text)
export const dim = (text: string): string => coloured('dim', text)

/** Whatever reads us may have seen enough. */
export function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === 'EPIPE') process.exit(0)
    throw error
  })
}
