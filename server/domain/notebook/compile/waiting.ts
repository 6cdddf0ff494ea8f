/** Keys of tasks that wait: for a person, for time, for another DAG, or for their own command to be ready. */
import type { Action, AwaitedRun, Task } from '../../dag/spec.ts'
import { parseTemplate } from '../../expression/template.ts'
import type { Json } from '../../json.ts'
import type { TerminalRunState } from '../../run/states.ts'
import { entry, toJson, type Located } from '../located.ts'
import { checkText, type Place } from './expressions.ts'
import { entriesOf, jsonSchemaFault, listOf, textOf } from './front-matter.ts'
import { milliseconds } from './units.ts'

const day = 86_400_000
/** Nothing waits without a bound (engine.md). */
export const longestWait = 7 * day

const durationOf = (root: Located | null, name: string): number | null => {
  const text = textOf(root, name)
  return text === null ? null : milliseconds(text)
}

function bounds(root: Located | null): { timeout: number; on_timeout: 'fail' | 'skip' } {
  return {
    timeout: durationOf(root, 'timeout') ?? longestWait,
    on_timeout: textOf(root, 'on_timeout') === 'skip' ? 'skip' : 'fail',
  }
}

export function approveOf(place: Place, located: Located): Action {
  const { report } = place.scope.document
  const form: Record<string, Record<string, Json>> = {}
  for (const [name, field] of entriesOf(located, 'form')) {
    const schema = toJson(field) as Record<string, Json>
    const fault = jsonSchemaFault(schema)
    if (fault === null) form[name] = schema
    else report.add(field, `'${name}' is not a JSON Schema: ${fault}`)
  }
  const message = located.kind === 'scalar' ? String(located.value) : textOf(located, 'message')
  return { kind: 'approve', message, form, ...bounds(located) }
}

function untilOf(place: Place, located: Located): Extract<Action, { kind: 'wait' }>['for'] {
  const text = located.kind === 'scalar' ? String(located.value) : ''
  const template = parseTemplate(text)
  checkText(place, located)
  if ('parts' in template && template.parts.every((part) => part.kind === 'text') && !isMoment(text))
    place.scope.document.report.add(located, `'${text}' is not a time: write 2026-01-31T06:00:00Z`)
  return { kind: 'until', template: text }
}

/** RFC 3339 with its zone, or a date, which is its midnight in UTC. */
export const isMoment = (text: string): boolean =>
  /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text) &&
  !Number.isNaN(Date.parse(text))

const stateKeys = ['allowed_states', 'failed_states', 'skipped_states'] as const

/** The run of another DAG. What a state means is said once at most: a state that is nowhere is waited through. */
function runOf(place: Place, located: Located, run: Located): AwaitedRun {
  const { report } = place.scope.document
  const dag = textOf(located, 'run') ?? ''
  if (!/^[A-Za-z0-9._-]+\/[a-z][a-z0-9_-]*$/.test(dag))
    report.add(run, `'${dag}' is not a DAG: write REPOSITORY/DAG`)
  const states = (name: (typeof stateKeys)[number]) => listOf(located, name) as TerminalRunState[]
  const allowed =
    entry(located, 'allowed_states') === null ? ['succeeded' as const] : states('allowed_states')
  const meant = new Map<string, string>(allowed.map((state) => [state, 'allowed_states']))
  for (const name of ['failed_states', 'skipped_states'] as const) {
    const found = entry(located, name)
    for (const item of found?.kind === 'list' ? found.items : []) {
      const state = item.kind === 'scalar' ? String(item.value) : ''
      const other = meant.get(state)
      if (other !== undefined && other !== name)
        report.add(item, `'${state}' is in \`${name}\` and in \`${other}\`: leave it in one of them`)
      meant.set(state, name)
    }
  }
  return {
    kind: 'run',
    dag,
    allowed_states: allowed,
    failed_states: states('failed_states'),
    skipped_states: states('skipped_states'),
  }
}

export function waitOf(place: Place, located: Located): Action {
  const { report } = place.scope.document
  const wait = (until: Extract<Action, { kind: 'wait' }>['for'], root: Located | null): Action => ({
    kind: 'wait',
    for: until,
    ...bounds(root),
  })
  if (located.kind === 'scalar') {
    const ms = milliseconds(String(located.value))
    if (ms === null) report.add(located, `'${String(located.value)}' is not a duration: write 10m, 1h30m, 2d`)
    return wait({ kind: 'duration', ms: ms ?? 0 }, null)
  }
  const given = ['for', 'until', 'run'].filter((name) => entry(located, name) !== null)
  if (given.length !== 1) report.add(located, '`wait` takes one of `for`, `until` and `run`')
  const until = entry(located, 'until')
  if (until !== null) return wait(untilOf(place, until), located)
  const run = entry(located, 'run')
  if (run !== null) return wait(runOf(place, located, run), located)
  for (const name of stateKeys) {
    const states = entry(located, name)
    if (states !== null) report.add(states, `\`${name}\` is of \`run\`: a time has no state`)
  }
  return wait({ kind: 'duration', ms: durationOf(located, 'for') ?? 0 }, located)
}

export function pollOf(located: Located | null): Task['poll'] {
  if (located === null) return null
  const codes = entry(located, 'not_ready_exit_codes')
  return {
    every: durationOf(located, 'every') ?? 60_000,
    timeout: durationOf(located, 'timeout') ?? longestWait,
    not_ready_exit_codes:
      codes?.kind === 'list'
        ? codes.items.flatMap((item) => (item.kind === 'scalar' ? [Number(item.value)] : []))
        : [1],
  }
}
