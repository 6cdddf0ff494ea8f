/** How often something fell of late: what fell last month neither makes a restart wait nor ends the product. */
const minute = 60_000

/** Falls within a minute after which nothing is started again. */
export const tooMany = 5

export class Falls {
  #at: number[] = []

  /** Notes one. @returns how many there were within the last minute */
  note(now = Date.now()): number {
    this.#at = [...this.#at.filter((at) => at > now - minute), now]
    return this.#at.length
  }
}

/** ms before it is started again, after so many falls within a minute. */
export const restartDelay = (falls: number): number => 100 * 2 ** falls
