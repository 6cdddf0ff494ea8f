/** Faults of one file, each at its line and column. */
import type { Fault } from '../fault.ts'
import { guess } from '../guess.ts'
import { indexLines, type LineIndex } from '../line-index.ts'
import type { Span } from '../located.ts'

export class Report {
  readonly file: string
  readonly faults: Fault[] = []
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
    this.faults.push({ ...this.at(span), message, ...(likely === undefined ? {} : { guess: likely }) })
  }

  /** A word that is none of `known`. */
  unknown(span: Span, message: string, word: string, known: Iterable<string>): void {
    this.add(span, message, guess(word, known))
  }
}
