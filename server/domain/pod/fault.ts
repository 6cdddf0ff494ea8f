/** What is wrong with a pod: where in it, and in words. */

/** Names and indices from the pod's root. */
export type Path = readonly (string | number)[]

export interface PodFault {
  path: Path
  /** What is wrong, and what to do: follows the path in a sentence. */
  message: string
}

/** What an item of a list is called by, the first that it has. */
const titles = ['name', 'mountPath', 'ip', 'key'] as const

function titleOf(item: unknown, index: number): string {
  if (typeof item === 'object' && item !== null)
    for (const title of titles) {
      const value = (item as Record<string, unknown>)[title]
      if (typeof value === 'string' && value !== '') return value
    }
  return String(index)
}

const step = (at: unknown, name: string | number): unknown =>
  typeof at === 'object' && at !== null && Object.hasOwn(at, name)
    ? (at as Record<string | number, unknown>)[name]
    : undefined

/** `spec.containers[main].securityContext.privileged`: items of lists by their names in `root`. */
function pathWords(path: Path, root: unknown): string {
  let words = ''
  let at = root
  for (const name of path) {
    const next = step(at, name)
    if (typeof name === 'number') words += `[${titleOf(next, name)}]`
    else words += /^[A-Za-z][A-Za-z0-9]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`
    at = next
  }
  return words.replace(/^\./, '')
}

/** The fault as a sentence, of the pod that it was found in. */
export const podFaultWords = ({ path, message }: PodFault, root: unknown): string =>
  path.length === 0 ? message : `${pathWords(path, root)} ${message}`
