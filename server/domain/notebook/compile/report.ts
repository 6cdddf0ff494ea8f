/** Faults of one file, each at its line and column. */
import type { Fault } from '../fault.ts'
import { guess } from '../guess.ts'
import { indexLines, type LineIndex } from '../line-index.ts'
import type { Span } from '../located.ts'

/** Faults of one file that are told one by one: nobody reads more, and each costs memory and a look for its guess. */
export const mostFaults = 1000
/** Words of one file that a guess is looked for: it compares with every known one. */
const mostGuesses = 100

export class Report {
  readonly file: string
  readonly faults: Fault[] = []
  #guesses = 0
  readonly #lines: LineIndex

  constructor(file: string, text: string) {
    this.file = file
    this.#lines = indexLines(text)
  }

  at(span: Span): { file: string; line: number; column: number } {
    return { file: this.file, ...this.#lines.position(span.start) }
  }

  /** `likely` is what the author may have meant. */
  add(span: Span, message: string, likely?: string): void {
    if (this.faults.length > mostFaults) return
    const told =
      this.faults.length < mostFaults
        ? { message, ...(likely === undefined ? {} : { guess: likely }) }
        : { message: `there are more faults: mend the ${mostFaults} before this one first` }
    this.faults.push({ ...this.at(span), ...told })
  }

  /** A word that is none of `known`. */
  unknown(span: Span, message: string, word: string, known: Iterable<string>): void {
    this.add(span, message, this.#guesses++ < mostGuesses ? guess(word, known) : undefined)
  }
}
