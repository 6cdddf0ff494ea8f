/** The notebook that a cell uses: read once, and found to be a component that does not use itself. */
import type { Located } from '../located.ts'
import { isProgram } from '../program.ts'
import { readDocument, type SourceDocument } from './document.ts'
import { notYet, textOf } from './front-matter.ts'
import type { Draft, Scope } from './scope.ts'
import { commitName, hiddenWords, nameOf, readUse, rootOf, type Use } from './uses.ts'

function documentAt(draft: Draft, path: string): SourceDocument | null {
  const known = draft.documents.get(path)
  if (known !== undefined) return known
  const text = draft.readFile(path)
  if (text === null) return null
  const document = readDocument(path, text)
  draft.documents.set(path, document)
  return document
}

/** Whether the commit that has the component can be read; what is in the way is told at `uses`. */
function isReached(draft: Draft, scope: Scope, uses: Located, { path, commit }: Use): boolean {
  const { report } = scope.document
  if (isProgram(path) && rootOf(path) !== '')
    return (report.add(uses, notYet('a component of another repository that is a program')), false)
  if (commit === null) return true
  const reach = draft.reach(commit)
  const address = `${commit.team}/${commit.repo}`
  if (reach === 'hidden') report.add(uses, hiddenWords(address))
  else if (reach === 'no_commit') report.add(uses, `there is no commit ${commit.sha} in '${address}'`)
  else if (reach === 'unread')
    report.addPassing(
      uses,
      `'${address}' could not be looked for: the components that this commit uses took too long to read`,
    )
  else if (reach === 'unchecked')
    draft.unchecked.push({
      ...report.at(uses),
      message: `a component of another repository (${commitName(commit)}) cannot be checked without the server: a push checks it`,
    })
  return reach === 'there'
}

/**
 * The component's notebook; null after a fault at `uses`, or where nobody can look at it.
 * @param stack paths of the notebooks that are being inlined, outermost first
 */
export function componentOf(
  draft: Draft,
  scope: Scope,
  uses: Located,
  stack: readonly string[],
): SourceDocument | null {
  const { report, folder } = scope.document
  const use = readUse(folder, uses.kind === 'scalar' ? String(uses.value) : '')
  if ('fault' in use) return (report.add(uses, use.fault), null)
  if (!isReached(draft, scope, uses, use)) return null
  const { path } = use
  const document = documentAt(draft, path)
  const name = nameOf(path)
  if (document === null) report.add(uses, `there is no file '${name}' in the repository`)
  else if (textOf(document.front, 'kind') !== 'component')
    report.add(uses, `'${name}' is not a component: its front matter has no \`kind: component\``)
  else if (stack.includes(path))
    report.add(
      uses,
      `a component uses itself: ${[...stack.slice(stack.indexOf(path)), path].map(nameOf).join(' → ')}`,
    )
  else return document
  return null
}
