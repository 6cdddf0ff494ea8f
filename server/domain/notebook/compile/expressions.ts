/** Expressions of a notebook: that they are CEL, that every name is there, and what an input refers to. */
import type { Input } from '../../dag/spec.ts'
import { ExpressionError, parseExpression } from '../../expression/cel.ts'
import { referencesOf, type Reference } from '../../expression/references.ts'
import { parseTemplate, type Template } from '../../expression/template.ts'
import { entry, type Located, type Span } from '../located.ts'
import { nameOf, resolveInside } from './uses.ts'
import { reaches } from './ancestors.ts'
import type { Draft, DraftGroup, Scope } from './scope.ts'

/** Where an expression stands, and what it may see from there. */
export interface Place {
  draft: Draft
  scope: Scope
  /** What its task, or the cell of its component, needs: only these and what is before them may be read. */
  needs: readonly string[]
  axes: readonly string[]
  /** Whether `item` and `index` are known. */
  mapped?: boolean
}

const runNames = [
  'id',
  'dag',
  'version',
  'channel',
  'trigger',
  'logical_date',
  'interval_start',
  'interval_end',
]
const roots = ['params', 'run', 'tasks', 'matrix', 'item', 'index', 'inputs']

/** A place inside a text: exact for plain and quoted texts of one line, the text's begin otherwise. */
function within(located: Located, offset: number): Span {
  const length = located.kind === 'scalar' && typeof located.value === 'string' ? located.value.length : 0
  const quotes = located.end - located.start - length
  if (quotes !== 0 && quotes !== 2) return located
  const start = located.start + quotes / 2 + offset
  return { start, end: start }
}

/** The text's template, or null after a fault. */
export function templateOf(place: Place, located: Located): Template | null {
  const text = located.kind === 'scalar' ? String(located.value) : ''
  const template = parseTemplate(text)
  if ('parts' in template) return template
  place.scope.document.report.add(within(located, template.unclosed), 'the `${{` is never closed by `}}`')
  return null
}

type Complain = (reference: Reference, message: string, word?: string, known?: Iterable<string>) => void

function checkTask(place: Place, reference: Reference, complain: Complain): void {
  const [id, part, name] = reference.path
  const { members, unread } = place.scope
  if (id === undefined) return complain(reference, 'name the task: tasks.NAME')
  const member = members.get(id)
  if (member === undefined && unread.has(id)) return
  if (member === undefined)
    return complain(reference, `unknown task '${id}' in an expression`, id, members.keys())
  const targets = member.kind === 'task' ? [member.task.id] : member.group.leaves
  if (!targets.some((target) => reaches(place.draft, place.needs, target)))
    return complain(reference, `'${id}' is not before this task: add it to \`needs\``)
  if (part === 'outputs')
    return complain(
      reference,
      `an output may only be the whole value of an input or of \`with\`: declare an input with \${{ tasks.${id}.outputs.${name ?? 'NAME'} }} and read $DAGBOK_IN_…`,
    )
  if (member.kind === 'group')
    return complain(reference, `only the outputs of a component can be read: tasks.${id}.outputs.NAME`)
  if (part === undefined) return
  if (part !== 'state' && part !== 'values')
    complain(reference, `'${part}' is not known of a task: state, values or outputs`, part, [
      'state',
      'values',
      'outputs',
    ])
}

function checkReference(place: Place, reference: Reference, complain: Complain): void {
  const [first] = reference.path
  const oneOf = (known: Iterable<string>, what: string) => {
    const names = [...known]
    if (first !== undefined && !names.includes(first))
      complain(reference, `unknown ${what} '${first}'`, first, names)
  }
  if (reference.root === 'params') return oneOf(place.scope.params, 'param')
  if (reference.root === 'run') return oneOf(runNames, 'field of run')
  if (reference.root === 'matrix')
    return place.axes.length === 0
      ? complain(reference, 'this task has no matrix')
      : oneOf(place.axes, 'axis')
  if (reference.root === 'item' || reference.root === 'index')
    return place.mapped === true
      ? undefined
      : complain(reference, `'${reference.root}' is known only in a task with \`map\``)
  if (reference.root === 'tasks') return checkTask(place, reference, complain)
  if (reference.root === 'inputs')
    return complain(
      reference,
      'an input may only be the whole value of an input or of `with`; its path is in $DAGBOK_IN_…',
    )
  complain(reference, `unknown name '${reference.root}' in an expression`, reference.root, roots)
}

/** Checks one expression of a text; gives its type, or null after a fault. */
export function checkExpression(
  place: Place,
  located: Located,
  source: string,
  start: number,
): string | null {
  const { report } = place.scope.document
  let sound = true
  try {
    const { ast, type } = parseExpression(source)
    const complain: Complain = (reference, message, word, known) => {
      sound = false
      const span = within(located, start + reference.start)
      if (word === undefined || known === undefined) report.add(span, message)
      else report.unknown(span, message, word, known)
    }
    for (const reference of referencesOf(ast)) checkReference(place, reference, complain)
    return sound ? type : null
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error
    report.add(within(located, start + error.offset), `the expression cannot be read: ${error.message}`)
    return null
  }
}

/** Checks an `if`: one expression that is true or false. */
export function checkCondition(place: Place, located: Located | null): void {
  if (located?.kind !== 'scalar' || typeof located.value !== 'string') return
  const whole = /^\s*\$\{\{([\s\S]*)\}\}\s*$/.exec(located.value)
  if (whole === null) return
  const type = checkExpression(place, located, whole[1] ?? '', located.value.indexOf('${{') + 3)
  if (type !== null && type !== 'bool' && type !== 'dyn')
    place.scope.document.report.add(located, `the condition is a ${type}, and must be true or false`)
}

/** Checks every expression of a text. */
export function checkText(place: Place, located: Located): void {
  for (const part of templateOf(place, located)?.parts ?? [])
    if (part.kind === 'expression') checkExpression(place, located, part.source, part.start)
}

/** Checks every text in a value, however deep. */
export function checkTexts(place: Place, located: Located): void {
  if (located.kind === 'scalar')
    return typeof located.value === 'string' ? checkText(place, located) : undefined
  if (located.kind === 'list') for (const item of located.items) checkTexts(place, item)
  else for (const { value } of located.entries.values()) checkTexts(place, value)
}

/** The one reference that an expression is, or null when it is more than that. */
function soleReference(source: string): Reference | null {
  try {
    const { ast } = parseExpression(source)
    const [only, ...others] = referencesOf(ast)
    return only !== undefined &&
      others.length === 0 &&
      only.start === ast.start &&
      only.end === ast.end &&
      !only.dynamic
      ? only
      : null
  } catch {
    return null
  }
}

function groupOutput(draft: Draft, group: DraftGroup, name: string): Input | null | undefined {
  const { document } = group.inner
  const outputs = entry(document.front, 'outputs')
  const found = entry(outputs, name)
  if (found === null) return undefined
  return resolveInput({ draft, scope: group.inner, needs: group.leaves, axes: group.inner.axes }, found)
}

function taskOutput(place: Place, located: Located, reference: Reference, start: number): Input | null {
  const { report } = place.scope.document
  const [id = '', , output = ''] = reference.path
  const at = within(located, start + reference.start)
  const member = place.scope.members.get(id)
  if (member === undefined) {
    if (!place.scope.unread.has(id))
      report.unknown(at, `unknown task '${id}' in an expression`, id, place.scope.members.keys())
    return null
  }
  const before = member.kind === 'task' ? [member.task.id] : member.group.leaves
  if (!before.some((target) => reaches(place.draft, place.needs, target))) {
    report.add(at, `'${id}' is not before this task: add it to \`needs\``)
    return null
  }
  if (member.kind === 'group') {
    const found = groupOutput(place.draft, member.group, output)
    if (found !== undefined) return found
    const declared = entry(member.group.inner.document.front, 'outputs')
    report.unknown(
      at,
      `the component '${id}' has no output '${output}'`,
      output,
      declared?.kind === 'map' ? declared.entries.keys() : [],
    )
    return null
  }
  const declared = entry(member.task.source.root, 'outputs')
  if (entry(declared, output) !== null) return { kind: 'output', task: member.task.id, output }
  report.unknown(
    at,
    `the task '${id}' declares no output '${output}'`,
    output,
    declared?.kind === 'map' ? declared.entries.keys() : [],
  )
  return null
}

/** A file of the bundle, from the folder of the notebook that names it. */
export function bundleFile(
  place: Pick<Place, 'draft' | 'scope'>,
  located: Located,
  relative: string,
): string | null {
  const { report, folder } = place.scope.document
  const path = resolveInside(folder, relative)
  if (path === null || path === '') report.add(located, `'${relative}' is outside the repository`)
  else if (place.draft.readFile(path) === null)
    report.add(located, `there is no file '${nameOf(path)}' in the repository`)
  else return path
  return null
}

/** What an expression stands for that is a file's name and nothing else; undefined when it is anything else, null after a fault. */
export function resolveFile(
  place: Place,
  located: Located,
  { source, start }: { source: string; start: number },
): Input | null | undefined {
  const reference = soleReference(source)
  if (reference?.root === 'tasks' && reference.path[1] === 'outputs' && reference.path.length === 3)
    return taskOutput(place, located, reference, start)
  if (reference?.root !== 'inputs' || reference.path.length !== 1) return undefined
  const name = reference.path[0] ?? ''
  const found = place.scope.inputs.get(name)
  if (found !== undefined) return found
  const at = within(located, start + reference.start)
  place.scope.document.report.unknown(at, `unknown input '${name}'`, name, place.scope.inputs.keys())
  return null
}

/** What the text of an input, of `with`, or of a component's output stands for; null after a fault. */
export function resolveInput(place: Place, located: Located): Input | null {
  const text = located.kind === 'scalar' ? String(located.value) : ''
  const template = templateOf(place, located)
  if (template === null) return null
  const file = template.whole === null ? undefined : resolveFile(place, located, template.whole)
  if (file !== undefined) return file
  if (/^\.\.?\//.test(text)) {
    const path = bundleFile(place, located, text)
    return path === null ? null : { kind: 'file', path }
  }
  checkText(place, located)
  return { kind: 'value', template: text, scope: place.scope.id }
}
