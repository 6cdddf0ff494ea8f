/** YAML as a tree in which every key and value knows where it is written. YAML 1.2, core schema. */
import { isAlias, isMap, isScalar, isSeq, parseDocument, type Node, type YAMLError } from 'yaml'
import { isRounded, roundedWords, type Json } from '../json.ts'

/** Offsets into the file: UTF-16 units, end exclusive. */
export interface Span {
  start: number
  end: number
}

export type Located = Span &
  (
    | { kind: 'map'; entries: Map<string, { key: Span; value: Located }> }
    | { kind: 'list'; items: Located[] }
    | { kind: 'scalar'; value: string | number | boolean | null }
  )

export interface LocatedFault extends Span {
  message: string
}

/** Deeper than any notebook needs; a bomb is deeper still. */
const maxDepth = 64

const quoteHint =
  'inside {} or [], or where the text holds ": " or " #", an expression must be quoted: "${{ … }}"'

/** JSON may hold a NUL and half a character by escape; Postgres and the environment of a process may not. */
const storable = (text: string) => !text.includes('\0') && text.isWellFormed()
const notStorable = 'this text holds a NUL or half a character (a lone surrogate), which no task can be given'

function convert(node: Node | null, offset: number, depth: number, faults: LocatedFault[]): Located {
  const [from, to] = node?.range ?? [0, 0]
  const span = { start: offset + from, end: offset + to }
  const refused = (message: string): Located => {
    faults.push({ ...span, message })
    return { ...span, kind: 'scalar', value: null }
  }
  if (node === null) return { ...span, kind: 'scalar', value: null }
  if (depth > maxDepth) return refused(`this is nested deeper than ${maxDepth} levels`)
  if (isAlias(node)) return refused('anchors and aliases are not part of the format: write the value again')
  if (isSeq(node))
    return {
      ...span,
      kind: 'list',
      items: node.items.map((item) => convert(item as Node | null, offset, depth + 1, faults)),
    }
  if (isMap(node)) {
    const entries = new Map<string, { key: Span; value: Located }>()
    for (const pair of node.items) {
      const keyNode = pair.key as Node | null
      const at = { start: offset + (keyNode?.range?.[0] ?? from), end: offset + (keyNode?.range?.[1] ?? to) }
      if (!isScalar(keyNode) || !['string', 'number', 'boolean'].includes(typeof keyNode.value)) {
        faults.push({ ...at, message: `a key must be a plain word (${quoteHint})` })
        continue
      }
      const name = `${keyNode.value as string | number | boolean}`
      if (entries.has(name))
        faults.push({ ...at, message: `Map keys must be unique: '${name}' stands twice` })
      if (!storable(name)) faults.push({ ...at, message: notStorable })
      entries.set(name, {
        key: at,
        value: convert(pair.value as Node | null, offset, depth + 1, faults),
      })
    }
    return { ...span, kind: 'map', entries }
  }
  if (!isScalar(node)) return refused('this is not a value')
  const { value } = node
  if (typeof value === 'string' && !storable(value)) return refused(notStorable)
  if (value === null || typeof value === 'string' || typeof value === 'boolean')
    return { ...span, kind: 'scalar', value }
  if (isRounded(value) && /^[-+]?(\d+|0x[\da-f]+|0o[0-7]+)$/i.test(node.source ?? ''))
    return refused(roundedWords(node.source ?? ''))
  if (typeof value === 'number' && Number.isFinite(value)) return { ...span, kind: 'scalar', value }
  return refused('this is not a value that JSON can hold')
}

/** The parser's words, without the excerpt it draws under them, and with the hint that most often helps. */
function wordsOf(error: Pick<YAMLError, 'message' | 'pos'>, text: string): string {
  const words = (error.message.split('\n')[0] ?? error.message)
    .replace(/ at line \d+, column \d+:?$/, '')
    .replace(/:$/, '')
  const line = text.slice(text.lastIndexOf('\n', error.pos[0] - 1) + 1).split('\n')[0] ?? ''
  return line.includes('{{') ? `${words} (${quoteHint})` : words
}

/**
 * Parses `text`, which begins at `offset` of its file. Never throws: what is wrong is in `faults`, and `root` holds
 * what could be read, or null.
 */
export function parseYaml(text: string, offset: number): { root: Located | null; faults: LocatedFault[] } {
  try {
    const document = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      // The parser compares every key with every other one; `convert` looks it up.
      uniqueKeys: false,
      prettyErrors: false,
      logLevel: 'silent',
    })
    // A tag that YAML does not know is only a warning there; here it is a value that is not what it says.
    const faults = [...document.errors, ...document.warnings].map((error): LocatedFault => {
      const [start, end] = error.pos
      return { start: offset + start, end: offset + end, message: wordsOf(error, text) }
    })
    return { root: convert(document.contents, offset, 0, faults), faults }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return {
      root: null,
      faults: [{ start: offset, end: offset + text.length, message: 'this is nested too deeply to be read' }],
    }
  }
}

/** The plain value. */
export function toJson(located: Located): Json {
  if (located.kind === 'scalar') return located.value
  if (located.kind === 'list') return located.items.map(toJson)
  return Object.fromEntries([...located.entries].map(([name, { value }]) => [name, toJson(value)]))
}

/** The value under a key, or null. */
export function entry(located: Located | null, name: string): Located | null {
  return located?.kind === 'map' ? (located.entries.get(name)?.value ?? null) : null
}
