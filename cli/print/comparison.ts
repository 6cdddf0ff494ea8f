/** Comparisons in lines and in Markdown: the words of the page. */
import { changeWords, valueWords, verdictWords } from '#server/domain/comparison/figures.ts'
import { formerWords } from '#server/domain/comparison/renames.ts'
import type { Comparison, FieldRow, MetricRow, OutputRow } from '#server/views/comparison.ts'
import { dim, plain, toned } from './output.ts'
import { lengthOf } from './run.ts'
import { table } from './table.ts'

/** Reasons that are said at once, as on the page. */
const told = 3

/** `Better: train.accuracy +2.8 %, tolerance ±0.5 % · no metric worse` */
export function verdictLine({ word, reasons }: Comparison['verdict']): string {
  const rest = reasons.length - told
  const said = [...reasons.slice(0, told), ...(rest > 0 ? [`${rest} more`] : [])]
  return plain(`${verdictWords[word]}: ${said.join(' · ')}`)
}

const place = (row: { task: string | null; key: string | null; name: string; was: readonly string[] }) => {
  const former = row.was.length === 0 ? '' : `, ${formerWords(row.was)}`
  return plain(
    `${row.task === null ? '' : `${row.task}.`}${row.name}${row.key === null ? '' : ` (${row.key})`}${former}`,
  )
}

const runHeads = ({ runs, base }: Comparison) =>
  runs.map((run) => `v${run.version.number} run ${run.number}${run.id === base ? ' (baseline)' : ''}`)

const figure = (cell: MetricRow['cells'][number], tone: (word: string, text: string) => string): string => {
  if (cell === null) return 'none'
  const change = changeWords(cell)
  return change === '' ? valueWords(cell.value) : `${valueWords(cell.value)} ${tone(cell.change, change)}`
}

type Tone = (word: string, text: string) => string

/** What is compared row by row: runs, then params and values that differ, then metrics. */
function rows(data: Comparison, tone: Tone): string[][] {
  const now = Date.now()
  const fields = data.fields.filter((row) => !row.same)
  const field = (row: FieldRow) => [
    `${row.kind} ${place(row)}`,
    ...row.cells.map((cell) => plain(JSON.stringify(cell))),
  ]
  const state = (run: Comparison['runs'][number]) =>
    tone(run.state, run.failedIn === null ? run.state : `${run.state} in ${run.failedIn}`)
  return [
    ['state', ...data.runs.map(state)],
    ['commit', ...data.runs.map(({ version }) => plain(`${version.commit.slice(0, 7)} ${version.subject}`))],
    ['duration', ...data.runs.map((run) => lengthOf(run, now))],
    ...fields.map(field),
    ...data.metrics.map((row) => [place(row), ...row.cells.map((cell) => figure(cell, tone))]),
  ]
}

function outputWords(outputs: readonly OutputRow[]): string {
  const differ = outputs.filter((row) => !row.same)
  if (outputs.length === 0) return 'no outputs'
  if (differ.length === 0) return `all ${outputs.length} outputs are the same`
  return `outputs that differ: ${differ.map(place).join(', ')}`
}

/** Where the page of it is. */
export const comparisonUrl = (url: string, { runs, base }: Comparison): string =>
  `${url}/compare?runs=${runs.map((run) => run.id).join(',')}&base=${base}`

export const comparisonText = (data: Comparison, link: string): string =>
  [
    toned(data.verdict.word, verdictLine(data.verdict)),
    '',
    table(['', ...runHeads(data)], rows(data, toned)),
    '',
    dim(outputWords(data.outputs)),
    link,
  ].join('\n')

const cell = (text: string) => text.replaceAll(/[\\`*_{}[\]<>#|]/g, (mark) => `\\${mark}`)

/** For a pull request: the verdict, a table, where to look. */
export function comparisonMarkdown(data: Comparison, link: string): string {
  const line = (texts: readonly string[]) => `| ${texts.map(cell).join(' | ')} |`
  const bold = (text: string) => text.replace(/^[^:]*/, (word) => `**${word}**`)
  return [
    bold(cell(verdictLine(data.verdict))),
    '',
    line(['', ...runHeads(data)]),
    `|${' --- |'.repeat(data.runs.length + 1)}`,
    ...rows(data, (_, text) => text).map(line),
    '',
    `${cell(outputWords(data.outputs))} · [the whole comparison](${link})`,
  ].join('\n')
}
