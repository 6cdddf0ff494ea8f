/** Each item with its number: what lines and rows of a fixed text are called by, for they have no other name. */
export const numbered = <T>(items: readonly T[], from = 0): { number: number; item: T }[] =>
  items.map((item, i) => ({ number: from + i, item }))
