/** How far long work is: one line on standard error, written over. */
export class Progress {
  readonly #what: string
  readonly #of: number
  readonly #since = performance.now()
  #done = 0

  constructor(what: string, of: number) {
    this.#what = what
    this.#of = of
  }

  step(): void {
    this.#done++
    const left = ((performance.now() - this.#since) / this.#done) * (this.#of - this.#done)
    process.stderr.write(`\r${this.#what} ${this.#done} of ${this.#of}, ${Math.round(left / 1000)} s left   `)
  }

  end(): void {
    process.stderr.write('\n')
  }
}
