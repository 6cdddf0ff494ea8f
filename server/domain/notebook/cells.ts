/** A notebook's text as cells: front matter, prose, tasks with their scripts, tests. Nothing is interpreted here. */
import { fromMarkdown } from 'mdast-util-from-markdown'
import { frontmatterFromMarkdown } from 'mdast-util-frontmatter'
import { gfmFromMarkdown } from 'mdast-util-gfm'
import { frontmatter } from 'micromark-extension-frontmatter'
import { gfm } from 'micromark-extension-gfm'
import type { LocatedFault, Span } from './located.ts'

export interface Script extends Span {
  lang: string
  /** Between the fences; line ends as in the file. */
  body: Span
}

export interface Cell extends Span {
  kind: 'front_matter' | 'markdown' | 'task' | 'test'
  /** Between the fences; for prose the whole cell. */
  body: Span
  script: Script | null
}

type Block = Span &
  ({ kind: 'front_matter' } | { kind: 'prose' } | { kind: 'fence'; lang: string; meta: string; body: Span })

/** What is between the fences, or why it cannot be said. */
function fenceBody(text: string, span: Span): Span | string {
  const first = text.indexOf('\n', span.start)
  const opening = text.slice(span.start, first < 0 ? span.end : first)
  if (text.lastIndexOf('\n', span.start - 1) + 1 !== span.start)
    return 'the fence of a cell begins at the start of its line'
  const last = text.lastIndexOf('\n', span.end - 1) + 1
  const closing = text.slice(last, span.end)
  const fence = /^(`{3,}|~{3,})/.exec(opening)?.[0] ?? '```'
  if (first < 0 || last <= span.start || !/^ {0,3}(`{3,}|~{3,})[ \t]*\r?$/.test(closing))
    return `the cell is never closed: end it with a line ${fence}`
  return { start: first + 1, end: last }
}

function blocks(text: string, faults: LocatedFault[]): Block[] {
  const tree = fromMarkdown(text, {
    extensions: [frontmatter(['yaml']), gfm()],
    mdastExtensions: [frontmatterFromMarkdown(['yaml']), gfmFromMarkdown()],
  })
  return tree.children.map((node): Block => {
    const span = { start: node.position?.start.offset ?? 0, end: node.position?.end.offset ?? 0 }
    if (node.type === 'yaml') return { ...span, kind: 'front_matter' }
    const meta = node.type === 'code' ? (node.meta ?? '').trim() : ''
    if (node.type !== 'code' || !['task', 'test', 'script'].includes(meta)) return { ...span, kind: 'prose' }
    const body = fenceBody(text, span)
    if (typeof body !== 'string') return { ...span, kind: 'fence', lang: node.lang ?? '', meta, body }
    faults.push({ ...span, message: body })
    return { ...span, kind: 'prose' }
  })
}

function frontMatterCell(text: string, span: Span): Cell {
  const start = text.indexOf('\n', span.start) + 1
  return {
    ...span,
    kind: 'front_matter',
    script: null,
    body: { start, end: text.lastIndexOf('\n', span.end - 1) + 1 },
  }
}

/** Levels of quotes and lists in each other: Markdown takes the square of them, and more, to read. */
const deepest = 64
const deep = new RegExp(`^(?:[ \\t]*(?:>|(?:[-+*]|\\d{1,9}[.)])[ \\t])){${deepest}}(?![ \\t*_-]*$)`, 'm')

const shifted = <T extends Span>(span: T, by: number): T => ({
  ...span,
  start: span.start + by,
  end: span.end + by,
})

/**
 * Cells in the order of the text; together they cover every block of it, a byte order mark apart. Faults are of fences
 * and their order.
 */
export function readCells(text: string): { cells: Cell[]; faults: LocatedFault[] } {
  const found = deep.exec(text)
  if (found !== null) {
    const span = { start: found.index, end: found.index + found[0].length }
    return {
      cells: [],
      faults: [{ ...span, message: `quotes and lists are nested deeper than ${deepest} levels here` }],
    }
  }
  if (!text.startsWith('\ufeff')) return readBlocks(text)
  const { cells, faults } = readBlocks(text.slice(1))
  return {
    faults: faults.map((fault) => shifted(fault, 1)),
    cells: cells.map((cell) => ({
      ...shifted(cell, 1),
      body: shifted(cell.body, 1),
      script: cell.script && { ...shifted(cell.script, 1), body: shifted(cell.script.body, 1) },
    })),
  }
}

function readBlocks(text: string): { cells: Cell[]; faults: LocatedFault[] } {
  const faults: LocatedFault[] = []
  const cells: Cell[] = []
  for (const block of blocks(text, faults)) {
    const before = cells.at(-1)
    if (block.kind === 'front_matter') cells.push(frontMatterCell(text, block))
    else if (block.kind === 'prose') {
      if (before?.kind === 'markdown')
        Object.assign(before, { end: block.end, body: { start: before.start, end: block.end } })
      else
        cells.push({
          start: block.start,
          end: block.end,
          kind: 'markdown',
          script: null,
          body: { start: block.start, end: block.end },
        })
    } else if (block.meta === 'script') {
      const { start, end, lang, body } = block
      if (before?.kind === 'task' && before.script === null)
        Object.assign(before, { end, script: { start, end, lang, body } })
      else faults.push({ start, end, message: 'a script belongs right after the cell of its task' })
    } else {
      const { start, end, lang, meta, body } = block
      if (lang === 'yaml')
        cells.push({ start, end, kind: meta === 'task' ? 'task' : 'test', script: null, body })
      else faults.push({ start, end, message: `a ${meta} cell is written in yaml: \`\`\`yaml ${meta}` })
    }
  }
  return { cells, faults }
}
