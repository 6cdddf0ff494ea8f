/** How a comparison is said: places, differences, and what each part of the page has to tell. */
import { comparisonName } from '#server/domain/comparison/name.ts'
import type { Comparison, MetricRow } from '#server/views/comparison.ts'
import { dagPath, type DagPlace } from '../../_components/page.tsx'

/** `report.accuracy`, `train.loss (alpha=1)`. */
export const placeOf = (row: { task: string | null; key: string | null; name: string }): string =>
  `${row.task === null ? '' : `${row.task}.`}${row.name}${row.key === null ? '' : ` (${row.key})`}`

/** After the dots between its names, and not within a name or a figure. */
export const wherePlaceBreaks = /(?<=\.)(?=[a-z])/

/** A difference with its sign, a minus as wide as the plus. */
export const signed = (figure: string): string =>
  figure.startsWith('-') ? `−${figure.slice(1)}` : `+${figure}`

/** Where all these runs are, as far as they have it in common: team, repository, DAG. */
export function commonPlaces(dags: readonly DagPlace[]): { name: string; href: string }[] {
  const [first] = dags
  if (first === undefined) return [{ name: 'DAGs', href: '/' }]
  const shared = (keys: readonly (keyof DagPlace)[]) =>
    dags.every((dag) => keys.every((key) => dag[key] === first[key]))
  return [
    ...(shared(['team']) ? [{ name: first.team, href: '/' }] : [{ name: 'DAGs', href: '/' }]),
    ...(shared(['team', 'repo']) ? [{ name: first.repo, href: '/' }] : []),
    ...(shared(['team', 'repo', 'dag']) ? [{ name: first.dag, href: dagPath(first) }] : []),
  ]
}

/** A figure and its percent sign stay on one line. */
export const unbroken = (text: string): string => text.replaceAll(' %', '\u00a0%')

type MetricCell = NonNullable<MetricRow['cells'][number]>

/** `▲ +0.0266 · +2.8 % better`; nothing for the base. */
export function changeWords({ delta, deltaRatio, change }: MetricCell): string {
  if (delta === null) return ''
  if (change === 'same') return delta === 0 ? 'equal' : 'within tolerance'
  const share = deltaRatio === null ? '' : ` · ${signed((deltaRatio * 100).toFixed(1))} %`
  const words = `${delta > 0 ? '▲' : '▼'} ${signed(String(Number(delta.toPrecision(3))))}${share} ${change}`
  return unbroken(words)
}

const differs = (row: MetricRow) =>
  row.cells.some((cell) => cell === null || !['base', 'same'].includes(cell.change))

const ranks = { worse: 0, better: 1, changed: 2, same: 3, base: 4 } as const

/** Worse first, then better, then what has no direction; the larger difference first. */
export function metricsInOrder(rows: readonly MetricRow[], onlyDifferences: boolean): MetricRow[] {
  const rank = (row: MetricRow) =>
    Math.min(...row.cells.map((cell) => (cell === null ? 3 : ranks[cell.change])))
  const size = (row: MetricRow) => Math.max(...row.cells.map((cell) => Math.abs(cell?.deltaRatio ?? 0)))
  return rows
    .filter((row) => !onlyDifferences || differs(row))
    .toSorted((a, b) => rank(a) - rank(b) || size(b) - size(a))
}

/** `iris v1 ↔ v2`. */
export const nameOf = ({ runs }: Pick<Comparison, 'runs'>): string =>
  comparisonName(runs.map((run) => ({ dag: run.dag.dag, version: run.version.number })))

/** The page's title: status, then object. */
export const titleOf = (data: Pick<Comparison, 'runs' | 'verdict'>): string =>
  `${data.verdict.word === 'none' ? 'compare' : data.verdict.word} · ${nameOf(data)}`

export interface PagePart {
  id: string
  name: string
  /** Which of several of that name: the item, else the task; empty where there is one. */
  of: string
  /** What there is to see; null when nothing differs. */
  differs: string | null
}

/** The same comparison with the base as its first column. */
export function baseFirst(data: Comparison): Comparison {
  const base = data.runs.findIndex((run) => run.id === data.base)
  const reorder = <T>(all: readonly T[]): T[] => [
    ...all.slice(base, base + 1),
    ...all.slice(0, base),
    ...all.slice(base + 1),
  ]
  const cells = <T extends { cells: unknown[] }>(rows: readonly T[]): T[] =>
    rows.map((row) => ({ ...row, cells: reorder(row.cells) }))
  return {
    ...data,
    runs: reorder(data.runs),
    fields: cells(data.fields),
    metrics: cells(data.metrics),
    outputs: cells(data.outputs),
    timings: cells(data.timings),
    versions: reorder(data.versions),
  }
}

/** The parts of the page in their order. `other` is the run whose code stands against the base's. */
export function partsOf(data: Comparison, other: string): PagePart[] {
  const fields = data.fields.filter((row) => !row.same).length
  const metrics = data.metrics.filter(differs).length
  const diff = data.versions[data.runs.findIndex((run) => run.id === other)] ?? null
  const tasks = diff?.graph.tasks.filter((task) => task.change !== 'same').length ?? 0
  const count = (n: number, of: number) => (n === 0 ? null : `${n} of ${of}`)
  const many = (n: number, noun: string) => (n === 0 ? null : `${n} ${noun}${n === 1 ? '' : 's'}`)
  return [
    { id: 'summary', name: 'Summary', of: '', differs: '' },
    { id: 'fields', name: 'Params, values', of: '', differs: count(fields, data.fields.length) },
    { id: 'metrics', name: 'Metrics', of: '', differs: count(metrics, data.metrics.length) },
    ...data.outputs.map((row) => ({
      id: `output ${placeOf(row)}`,
      name: row.path,
      of: data.outputs.filter((one) => one.path === row.path).length > 1 ? (row.key ?? row.task) : '',
      differs: row.same ? null : row.cells.some((cell) => cell === null) ? 'not in all' : row.kind,
    })),
    { id: 'timing', name: 'Timing', of: '', differs: '' },
    { id: 'code', name: 'Code', of: '', differs: many(diff?.files.length ?? 0, 'file') },
    { id: 'graph', name: 'Graph', of: '', differs: many(tasks, 'task') },
  ]
}
