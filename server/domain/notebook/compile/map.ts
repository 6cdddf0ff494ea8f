/** `map`: what a task is expanded over when the run is there. */
import type { Task } from '../../dag/spec.ts'
import { entry, type Located } from '../located.ts'
import { checkExpression, checkText, resolveFile, templateOf, type Place } from './expressions.ts'
import { textOf } from './front-matter.ts'

type Over = NonNullable<Task['map']>['over']

function overOf(place: Place, located: Located): Over | null {
  const { report } = place.scope.document
  const template = templateOf(place, located)
  if (template === null) return null
  if (template.whole === null) {
    report.add(located, 'write what it is expanded over as one expression: ${{ … }}')
    return null
  }
  const { source, start } = template.whole
  const lines = /^\s*lines\s*\(([\s\S]*)\)\s*$/.exec(source)
  if (lines === null) {
    checkExpression(place, located, source, start)
    return { kind: 'expression', source: source.trim(), scope: place.scope.id }
  }
  const file = resolveFile(place, located, { source: lines[1] ?? '', start: start + source.indexOf('(') + 1 })
  if (file === undefined || file?.kind === 'value' || file?.kind === 'file')
    report.add(located, '`lines()` takes an output of a task: lines(tasks.NAME.outputs.NAME)')
  if (file?.kind !== 'output') return null
  const target = place.draft.tasks.get(file.task)
  if (target !== undefined && (target.mapped || target.matrix !== null))
    report.add(located, `'${file.task}' is expanded itself: its output is a folder, and has no lines`)
  return { kind: 'lines', task: file.task, output: file.output }
}

/** null without one, or after a fault. */
export function mapOf(place: Place, located: Located | null): Task['map'] {
  if (located === null) return null
  const over = located.kind === 'map' ? entry(located, 'over') : located
  const found = over === null ? null : overOf({ ...place, mapped: false }, over)
  const key = entry(located, 'key')
  if (key !== null) checkText(place, key)
  const most = entry(located, 'max_parallel')
  if (found === null) return null
  return {
    over: found,
    key: textOf(located, 'key'),
    max_parallel: most?.kind === 'scalar' && typeof most.value === 'number' ? most.value : null,
  }
}
