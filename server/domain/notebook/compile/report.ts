/** Faults of one file, each at its line and column; of what a program printed, each at its path in that. */
import type { Fault } from '../fault.ts'
import { guess } from '../guess.ts'
import { indexLines, type LineIndex } from '../line-index.ts'
import { pathTo } from '../path-to.ts'
import type { Located, Span } from '../located.ts'

/** Faults of one file that are told one by one: nobody reads more, and each costs memory and a look for its guess. */
export const mostFaults = 1000
/** Words of one file that a guess is looked for: it compares with every known one. */
const mostGuesses = 100

export class Report {
  readonly file: string
  readonly faults: Fault[] = []
  /** What was read, once it is known. */
  root: Located | null = null
  #guesses = 0
  readonly #lines: LineIndex
  readonly #printed: boolean

  /** @param printed whether the text is not the file's, but what the file printed */
  constructor(file: string, text: string, printed = false) {
    this.file = file
    this.#lines = indexLines(text)
    this.#printed = printed
  }

  /** Nobody knows which line of a program printed what. */
  at(span: Span): { file: string; line: number; column: number } {
    const position = this.#printed ? { line: 1, column: 1 } : this.#lines.position(span.start)
    return { file: this.file, ...position }
  }

  /** The place in words: its line, or its path in what was printed. */
  words(span: Span): string {
    const line = () => `line ${this.#lines.position(span.start).line}`
    return (this.#printed && pathTo(this.root, span.start)) || line()
  }

  /** `likely` is what the author may have meant. */
  add(span: Span, message: string, likely?: string): void {
    if (this.faults.length > mostFaults) return
    const told =
      this.faults.length < mostFaults
        ? { message: this.#placed(span, message), ...(likely === undefined ? {} : { guess: likely }) }
        : { message: `there are more faults: mend the ${mostFaults} before this one first` }
    this.faults.push({ ...this.at(span), ...told })
  }

  /** What another moment may find mended. */
  addPassing(span: Span, message: string): void {
    this.faults.push({ ...this.at(span), message: this.#placed(span, message), passing: true })
  }

  #placed(span: Span, message: string): string {
    return this.#printed ? `at ${this.words(span)} of what it prints: ${message}` : message
  }

  /** A word that is none of `known`. */
  unknown(span: Span, message: string, word: string, known: Iterable<string>): void {
    this.add(span, message, this.#guesses++ < mostGuesses ? guess(word, known) : undefined)
  }
}
