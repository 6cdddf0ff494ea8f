/** A fault of a notebook (N5): where, what, and a guess. Positions are 1-based; columns count UTF-16 units. */
export interface Fault {
  file: string
  line: number
  column: number
  message: string
  /** What the author probably meant, if anything is near enough. */
  guess?: string
  /** Of the machine at that moment, perhaps, and not of the text: it is not believed for good. */
  passing?: true
}

/** Of a file as a whole. */
export const faultOf = (file: string, message: string): Fault => ({ file, line: 1, column: 1, message })

/** `iris.dag.md:12:7 unknown task 'tain' in needs (did you mean 'train'?)`: the same words at every edge. */
export function formatFault(
  fault: Omit<Fault, 'guess' | 'passing'> & { guess?: string | undefined },
): string {
  const guess = fault.guess === undefined ? '' : ` (did you mean '${fault.guess}'?)`
  return `${fault.file}:${fault.line}:${fault.column} ${fault.message}${guess}`
}
