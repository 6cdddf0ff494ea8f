/** Where things are in a task's pod: the same for every image. */
import { assertNever } from '../errors/errors.ts'
import { variable } from '../expression/render.ts'

/** Nothing else may be mounted above, at or below it. */
export const ownFolder = '/dagbok'
export const podPaths = {
  /** The version's bundle, with the repository's paths. */
  checkout: `${ownFolder}/checkout`,
  inputs: `${ownFolder}/in`,
  out: `${ownFolder}/out`,
  home: `${ownFolder}/home`,
  tmp: `${ownFolder}/tmp`,
  report: `${ownFolder}/report`,
} as const

/** An input as far as its path needs: `path` is the name it had where it was made, or its repository path. */
export type PodInput =
  | { kind: 'file'; path: string }
  | { kind: 'folder' }
  | { kind: 'repository_file'; path: string }
  | { kind: 'json' }
  | { kind: 'missing' }

const nameOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)

/** Where the gate puts an input, and the task finds it. */
export function inputPath(name: string, input: PodInput): string {
  const own = `${podPaths.inputs}/${name}`
  switch (input.kind) {
    case 'file':
      return `${own}/${nameOf(input.path)}`
    case 'folder':
      return own
    case 'repository_file':
      return `${podPaths.checkout}/${input.path}`
    case 'json':
      return `${own}/${name}.json`
    case 'missing':
      return `${own}/missing`
    default:
      return assertNever(input)
  }
}

/** The variables of N1 that only an executor knows. */
export function pathVariables(inputs: Record<string, PodInput>): Record<string, string> {
  return {
    ...Object.fromEntries(
      Object.entries(inputs).map(([name, input]) => [variable('IN', name), inputPath(name, input)]),
    ),
    HOME: podPaths.home,
    TMPDIR: podPaths.tmp,
    DAGBOK_OUT: podPaths.out,
    DAGBOK_VALUES: `${podPaths.report}/values`,
    DAGBOK_METRICS: `${podPaths.report}/metrics`,
  }
}
