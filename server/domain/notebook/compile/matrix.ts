import type { MatrixItem } from '../../dag/spec.ts'
import type { Json } from '../../json.ts'
import { toJson, type Located } from '../located.ts'
import type { Report } from './report.ts'

export const maxItems = 10_000

const written = (value: Json) => (typeof value === 'string' ? value : JSON.stringify(value))

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
