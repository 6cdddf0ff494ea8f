import type { Join } from '../../dag/joins.ts'
import type { MatrixItem } from '../../dag/spec.ts'
import type { Json } from '../../json.ts'
import { toJson, type Located } from '../located.ts'
import type { Report } from './report.ts'

export const maxItems = 10_000

const written = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value))

interface Expanded {
  matrix: MatrixItem[] | null
  axes: readonly string[]
  joins: readonly Join[]
}

const variableOf = (axis: string) => axis.toUpperCase().replaceAll('-', '_')

/** A matrix inside a component that is used with one: in each of its items every item of `own`, whose key is appended. */
export function appendMatrix(
  around: Expanded,
  own: { axes: string[]; items: MatrixItem[] } | null,
  report: Report,
  at: Located | null,
): Expanded {
  const { matrix, axes, joins } = around
  if (own === null || at === null) return { matrix, axes, joins }
  if (matrix === null) return { matrix: own.items, axes: own.axes, joins }
  for (const axis of own.axes) {
    const other = axes.find((one) => variableOf(one) === variableOf(axis))
    if (other === undefined) continue
    const which = at.kind === 'map' ? (at.entries.get(axis)?.key ?? at) : at
    report.add(
      which,
      `'${axis}' is an axis, and the component it is in is used with the axis '${other}': both give DAGBOK_MATRIX_${variableOf(axis)}, so rename one`,
    )
  }
  if (matrix.length * own.items.length > maxItems) {
    report.add(
      at,
      `with the matrix of its component it has ${matrix.length * own.items.length} items, more than ${maxItems}`,
    )
    return { matrix, axes, joins }
  }
  return {
    matrix: matrix.flatMap((outer) =>
      own.items.map((inner) => ({
        key: `${outer.key},${inner.key}`,
        values: { ...outer.values, ...inner.values },
      })),
    ),
    axes: [...axes, ...own.axes],
    joins: joins.map(({ group, keys }) => ({
      group,
      keys: keys.flatMap((key) => own.items.map(() => key)),
    })),
  }
}

/** Every combination, keys in declared order: `alpha=0.1,k=5`. Null when there is none, or when it is faulty. */
export function expandMatrix(
  located: Located | null,
  report: Report,
): { axes: string[]; items: MatrixItem[] } | null {
  if (located?.kind !== 'map') return null
  const axes = [...located.entries.keys()]
  let items: MatrixItem[] = [{ key: '', values: {} }]
  for (const [axis, { value: list }] of located.entries) {
    const values = list.kind === 'list' ? list.items.map(toJson) : []
    const seen = new Set<string>()
    const twice = values.map(written).find((word) => seen.has(word) || !seen.add(word))
    if (twice !== undefined) report.add(list, `${twice} stands twice in the axis '${axis}'`)
    if (
      list.kind === 'list' &&
      list.items.some(
        (item) => item.kind === 'scalar' && typeof item.value === 'string' && item.value.includes('${{'),
      )
    )
      report.add(list, `a matrix holds literals only: what is known when the run is there is for \`map\``)
    if (items.length * values.length > maxItems) {
      report.add(located, `the matrix has more than ${maxItems} items`)
      return null
    }
    items = items.flatMap((item) =>
      values.map((value) => ({
        key: `${item.key === '' ? '' : `${item.key},`}${axis}=${written(value)}`,
        values: { ...item.values, [axis]: value },
      })),
    )
  }
  return { axes, items }
}
