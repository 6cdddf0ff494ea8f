/** A notebook, a `.dag.yaml` or what a program printed as front matter, tasks and tests, each checked against its keys. */
import { checkKeys } from '../check-keys.ts'
import { readCells, type Cell } from '../cells.ts'
import type { Text } from '../program.ts'
import { entry, parseYaml, type Located, type Span } from '../located.ts'
import { folderOf } from './paths.ts'
import { Report } from './report.ts'

export interface SourceScript {
  lang: string
  /** Line ends are LF. */
  text: string
  span: Span
}

export interface SourceTask {
  id: string
  root: Located
  script: SourceScript | null
  /** Where its id is written. */
  idSpan: Span
}

export interface SourceDocument {
  path: string
  folder: string
  report: Report
  /** What the keys may ask for. */
  /** Where keys and values are not of the shape they must have. */
  misshapen: Span[]
  cells: Cell[]
  front: Located | null
  /** By id, in the order of the text; of two with one id the first. */
  tasks: Map<string, SourceTask>
  /** Ids of tasks that are written there and could not be read. */
  unread: Set<string>
  /** Whether there are tasks at all, readable or not. */
  hasTasks: boolean
  /** By id, in the order of the text; of two with one id the first. */
  tests: Map<string, Located>
}

type Part = 'front_matter' | 'task' | 'test'

/** Bytes above which a file is no notebook: 2 MiB. */
const maxLength = 2 * 2 ** 20

interface Name {
  id: string
  /** Where it is written. */
  span: Span
}

const named = (root: Located): Name | null => {
  const id = entry(root, 'id')
  return id?.kind === 'scalar' && typeof id.value === 'string' ? { id: id.value, span: id } : null
}

function check(document: SourceDocument, kind: Part, root: Located): void {
  for (const fault of checkKeys(kind, root)) {
    document.report.add(fault, fault.message, fault.guess)
    document.misshapen.push({ start: fault.start, end: fault.end })
  }
}

function read(document: SourceDocument, kind: Part, text: string, offset: number): Located | null {
  const { root, faults } = parseYaml(text, offset)
  for (const fault of faults) document.report.add(fault, fault.message)
  if (root === null || faults.length > 0) return null
  check(document, kind, root)
  return root.kind === 'map' ? root : null
}

const tellTwo = ({ report }: SourceDocument, what: string, { id, span }: Name, first: Span): void =>
  report.add(span, `there are two ${what} '${id}': the first is at ${report.words(first)}`)

function addTask(document: SourceDocument, root: Located | null, script: SourceScript | null): void {
  const name = root === null ? null : named(root)
  if (root === null || name === null) return
  const first = document.tasks.get(name.id)
  if (first === undefined) document.tasks.set(name.id, { id: name.id, root, script, idSpan: name.span })
  else tellTwo(document, 'tasks', name, first.idSpan)
}

function addTest(document: SourceDocument, root: Located | null): void {
  const name = root === null ? null : named(root)
  if (root === null || name === null) return
  const first = document.tests.get(name.id)
  if (first === undefined) document.tests.set(name.id, root)
  else tellTwo(document, 'tests', name, named(first)?.span ?? first)
}

function readMarkdown(document: SourceDocument, text: string): void {
  const { cells, faults } = readCells(text)
  document.cells = cells
  for (const fault of faults) document.report.add(fault, fault.message)
  // A cell that is no cell for its fence may have been one of a task.
  document.hasTasks = faults.length > 0 || cells.some((cell) => cell.kind === 'task')
  for (const cell of cells) {
    if (cell.kind === 'markdown') continue
    const body = text.slice(cell.body.start, cell.body.end)
    const root = read(document, cell.kind, body, cell.body.start)
    if (cell.kind === 'front_matter') document.front = root
    else if (cell.kind === 'test') addTest(document, root)
    else if (cell.kind === 'task') {
      const id = root === null ? /^id:[ \t]*["']?([a-z][a-z0-9_-]*)/m.exec(body)?.[1] : undefined
      if (id !== undefined) document.unread.add(id)
      const script = cell.script && {
        lang: cell.script.lang,
        text: text.slice(cell.script.body.start, cell.script.body.end).replaceAll('\r\n', '\n'),
        span: cell.script,
      }
      addTask(document, root, script)
    }
  }
  if (!cells.some((cell) => cell.kind === 'front_matter'))
    document.report.add(
      { start: 0, end: 0 },
      'there is no front matter: begin the file with ---, dagbok: 1, id: NAME, ---',
    )
}

const alone = ': print the spec alone; notes belong on standard error'

function readYamlFile(document: SourceDocument, text: string, printed: boolean): void {
  const { root, faults } = parseYaml(text, 0)
  for (const fault of faults) document.report.add(fault, fault.message)
  if (root === null || faults.length > 0) return
  document.report.root = root
  if (root.kind !== 'map')
    return document.report.add(root, `this is no map of dagbok, id, tasks, …${printed ? alone : ''}`)
  const [tasks, tests] = ['tasks', 'tests'].map((name) => entry(root, name))
  const entries = new Map([...root.entries].filter(([name]) => name !== 'tasks' && name !== 'tests'))
  const front: Located = { ...root, entries }
  check(document, 'front_matter', front)
  document.front = front
  for (const [kind, list] of [
    ['task', tasks],
    ['test', tests],
  ] as const) {
    if (list === null || list === undefined) continue
    if (list.kind !== 'list') document.report.add(list, `\`${kind}s\` must be a list`)
    else
      for (const item of list.items) {
        document.hasTasks ||= kind === 'task'
        check(document, kind, item)
        if (item.kind !== 'map') continue
        if (kind === 'task') addTask(document, item, null)
        else addTest(document, item)
      }
  }
}

/** Reads a file, whatever is in it: what is wrong is in the report, and the rest goes on (N5). */
export function readDocument(path: string, source: Text): SourceDocument {
  const printed = typeof source !== 'string'
  const text = printed ? ('printed' in source ? source.printed : '') : source
  const tooLong = text.length > maxLength
  const report = new Report(path, tooLong ? '' : text, printed)
  const document: SourceDocument = {
    path,
    folder: folderOf(path),
    report,
    misshapen: [],
    cells: [],
    front: null,
    tasks: new Map(),
    unread: new Set(),
    hasTasks: false,
    tests: new Map(),
  }
  if (printed && 'fault' in source) report.faults.push(source.fault)
  else if (tooLong)
    report.add(
      { start: 0, end: 0 },
      `the file has ${text.length} characters, more than the ${maxLength} a notebook may have: move data and code to files beside it`,
    )
  else if (text.includes('\0'))
    report.add({ start: text.indexOf('\0'), end: 0 }, 'there is a NUL character here: a notebook is text')
  else if (!text.isWellFormed())
    report.add({ start: 0, end: 0 }, 'the file is not valid Unicode: save it as UTF-8')
  else if (printed || /\.dag\.ya?ml$/.test(path)) readYamlFile(document, text, printed)
  else readMarkdown(document, text)
  return document
}
