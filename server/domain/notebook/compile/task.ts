/** A draft as a task of the spec: every key read, every expression checked. */
import type { Action, Input, OutputDeclaration, Task } from '../../dag/spec.ts'
import { parseTemplate } from '../../expression/template.ts'
import { retryIfFault } from '../../expression/render.ts'
import { imageFault } from '../../pod/syntax.ts'
import { secretNameFault } from '../../secret/secret.ts'
import { entry, toJson, type Located } from '../located.ts'
import { setUpFor, teardownFor } from './cleanup.ts'
import { bundleFile, checkCondition, checkText, resolveInput, type Place } from './expressions.ts'
import { keyOf } from './expand.ts'
import { formerId } from './former-name.ts'
import { checkVariables, entriesOf, listOf, textOf } from './front-matter.ts'
import { mapOf } from './map.ts'
import { resolvePath } from './paths.ts'
import { podOfTask, refusePodKeys } from './pod.ts'
import type { Draft, DraftTask, KeyOf } from './scope.ts'
import { bytes, milliseconds, processors } from './units.ts'
import { approveOf, longestWait, pollOf, waitOf } from './waiting.ts'

export const languages = ['bash', 'sh', 'python', 'javascript', 'typescript', 'r'] as const
const spoken: Record<string, string> = {
  js: 'javascript',
  node: 'javascript',
  ts: 'typescript',
  py: 'python',
  python3: 'python',
  shell: 'sh',
  R: 'r',
}

interface Work {
  draft: Draft
  task: DraftTask
  place: Place
  key: KeyOf
  fault: (at: { start: number; end: number }, message: string) => void
}

const scalarText = (located: Located | null) => (located?.kind === 'scalar' ? String(located.value) : '')
const span = (key: KeyOf, name: string): number | null => {
  const located = key(name)
  return located?.kind === 'scalar' && typeof located.value === 'string' ? milliseconds(located.value) : null
}
const number = (key: KeyOf, name: string, otherwise: number): number => {
  const located = key(name)
  return located?.kind === 'scalar' && typeof located.value === 'number' ? located.value : otherwise
}

function texts(work: Work, name: string): string[] {
  const located = work.key(name)
  if (located?.kind !== 'list') return []
  for (const item of located.items) checkOutputFree(work, item)
  return located.items.map(scalarText)
}

const checkOutputFree = (work: Work, item: Located) => checkText(work.place, item)

/** A text is the program alone; a list is the program and its arguments. */
function shellOf({ key }: Work): string[] | null {
  const located = key('shell')
  if (located === null) return null
  return located.kind === 'list' ? located.items.map(scalarText) : [scalarText(located).trim()]
}

function inline(work: Work, lang: string, text: string, at: { start: number; end: number }): Action {
  const known = spoken[lang] ?? lang
  const shell = shellOf(work)
  if (shell === null && !(languages as readonly string[]).includes(known))
    work.fault(
      at,
      `'${lang}' scripts cannot be run: write ${languages.join(', ')}, name its program in \`shell\`, or a file with \`script: ./FILE\``,
    )
  const source = work.task.scope.document.report.at(at)
  return { kind: 'script', lang: known, text, ...(shell === null ? {} : { shell }), source }
}

function scriptOf(work: Work, located: Located): Action | null {
  if (located.kind === 'map')
    return inline(work, textOf(located, 'lang') ?? '', textOf(located, 'text') ?? '', located)
  const path = bundleFile(work.place, located, scalarText(located))
  return path === null ? null : { kind: 'script_file', path }
}

/** What the task does: exactly one of a script, a command, a component. */
function actionOf(work: Work): Action | null {
  const { source } = work.task
  const script = entry(source.root, 'script')
  const command = entry(source.root, 'command')
  const approve = entry(source.root, 'approve')
  const wait = entry(source.root, 'wait')
  const given = [source.script, script, command, approve, wait].filter((one) => one !== null).length
  if (given > 1)
    work.fault(
      source.idSpan,
      `'${source.id}' has more than one of an inline script, \`script\`, \`command\`, \`approve\` and \`wait\`: keep one`,
    )
  const shell = entry(source.root, 'shell')
  if (shell !== null && source.script === null && script?.kind !== 'map')
    work.fault(shell, '`shell` runs an inline script, and this task has none')
  if (approve !== null) return approveOf(work.place, approve)
  if (wait !== null) return waitOf(work.place, wait)
  if (source.script !== null) return inline(work, source.script.lang, source.script.text, source.script.span)
  if (script !== null) return scriptOf(work, script)
  if (command !== null) return { kind: 'command', command: texts(work, 'command') }
  return imageAlone(work)
}

/** What the image does by itself, where there are pods. */
function imageAlone({ task: { source }, key, fault }: Work): Action | null {
  if (key('image') === null)
    fault(
      source.idSpan,
      `'${source.id}' does nothing: give it an inline script, \`script\`, \`command\`, \`uses\`, \`approve\` or \`wait\``,
    )
  else if (scalarText(key('executor')) === 'kubernetes') return { kind: 'image' }
  else
    fault(
      entry(source.root, 'image') ?? source.idSpan,
      `'${source.id}' has an image alone, which only Kubernetes can run: give it a script or a command, or write \`executor: kubernetes\``,
    )
  return null
}

function inputsOf(work: Work): Record<string, Input> {
  const out: Record<string, Input> = {}
  checkVariables(work.task.scope.document, work.task.source.root, 'inputs')
  for (const [name, located] of entriesOf(work.task.source.root, 'inputs')) {
    const input = resolveInput(work.place, located)
    if (input !== null) out[name] = input
  }
  return out
}

function tolerance(located: Located | null): OutputDeclaration['tolerance'] {
  return located === null ? null : (toJson(located) as OutputDeclaration['tolerance'])
}

function outputsOf(work: Work): Record<string, OutputDeclaration> {
  const out: Record<string, OutputDeclaration> = {}
  for (const [name, located] of entriesOf(work.task.source.root, 'outputs')) {
    const at = located.kind === 'scalar' ? located : (entry(located, 'path') ?? located)
    const path = resolvePath('', scalarText(at))
    if (path === null || path === '') work.fault(at, `'${scalarText(at)}' is not a path below DAGBOK_OUT`)
    const optional = entry(located, 'optional')
    out[name] = {
      path: path ?? '',
      key: listOf(located, 'key'),
      tolerance: tolerance(entry(located, 'tolerance')),
      optional: optional?.kind === 'scalar' && optional.value === true,
    }
  }
  return out
}

function environmentOf(work: Work): Record<string, string> {
  const located = work.key('env')
  if (located?.kind !== 'map') return {}
  for (const [name, { key, value }] of located.entries) {
    if (name.startsWith('DAGBOK_'))
      work.fault(key, `'${name}': names that begin with DAGBOK_ are Dagbok's own`)
    checkText(work.place, value)
  }
  return Object.fromEntries([...located.entries].map(([name, { value }]) => [name, scalarText(value)]))
}

/** Whether the team has them is asked when an attempt starts: it may be another team's tomorrow, and set an hour later. */
function secretsOf(work: Work): { secrets?: string[] } {
  const located = work.key('secrets')
  if (located?.kind !== 'list') return {}
  const names: string[] = []
  const env = work.key('env')
  for (const item of located.items) {
    const name = scalarText(item)
    const why = secretNameFault(name)
    if (why !== null) work.fault(item, `'${name}' ${why}`)
    else if (names.includes(name)) work.fault(item, `'${name}' is there twice`)
    else if (env?.kind === 'map' && env.entries.has(name))
      work.fault(item, `'${name}' is set by \`env\`, too: leave one of them out`)
    names.push(name)
  }
  return names.length === 0 ? {} : { secrets: names }
}

function metricsOf({ task }: Work): Task['metrics'] {
  return Object.fromEntries(
    entriesOf(task.source.root, 'metrics').map(([name, located]) => [
      name,
      {
        better: textOf(located, 'better') as 'higher' | 'lower' | null,
        tolerance: tolerance(entry(located, 'tolerance')),
      },
    ]),
  )
}

function valuesOf({ task }: Work): Task['values'] {
  return Object.fromEntries(
    entriesOf(task.source.root, 'values').map(([name, located]) => [
      name,
      { type: textOf(located, 'type') as Task['values'][string]['type'] },
    ]),
  )
}

function backoffOf({ key }: Work): Task['retry_backoff'] {
  const located = key('retry_backoff')
  const of: KeyOf = (name) => entry(located, name)
  return { factor: number(of, 'factor', 1), max: span(of, 'max'), jitter: number(of, 'jitter', 0) }
}

function resourcesOf({ key }: Work): Task['resources'] {
  const value = (name: string) => {
    const located = entry(key('resources'), name)
    return located?.kind === 'scalar' &&
      (typeof located.value === 'string' || typeof located.value === 'number')
      ? located.value
      : null
  }
  const [cpu, memory] = [value('cpu'), value('memory')]
  return { cpu: cpu === null ? null : processors(cpu), memory: memory === null ? null : bytes(memory) }
}

/** Another name was told with the keys. */
function executorOf({ key }: Work): Task['executor'] {
  const name = scalarText(key('executor'))
  return name === 'process' || name === 'pool' || name === 'kubernetes' ? name : null
}

/** A queue is served by workers of the pool: with another executor it would be ignored, so it is refused. */
function queueOf(work: Work): string | null {
  const located = work.key('queue')
  if (located === null) return null
  if (scalarText(work.key('executor')) !== 'pool')
    work.fault(located, '`queue` names workers of the pool: write `executor: pool`, too')
  return scalarText(located)
}

const flag = (key: KeyOf, name: string): boolean => {
  const located = key(name)
  return located?.kind === 'scalar' && located.value === true
}

function exitCodes({ key }: Work, name: string): number[] {
  const located = key(name)
  if (located?.kind !== 'list') return []
  return located.items.flatMap((item) => (item.kind === 'scalar' ? [Number(item.value)] : []))
}

function retryIfOf({ key, fault }: Work): string | null {
  const located = key('retry_if')
  if (located?.kind !== 'scalar') return null
  const template = parseTemplate(String(located.value))
  const source = 'parts' in template ? (template.whole?.source ?? null) : null
  const why = source === null ? 'write it as one expression: ${{ … }}' : retryIfFault(source)
  if (why !== null) fault(located, `\`retry_if\`: ${why}`)
  return source?.trim() ?? null
}

/** Keys that say how it is tried, when it gives up, and what it waits for. */
function engineKeys(work: Work) {
  const { key, draft, task } = work
  const { root } = task.source
  return {
    retry_if: retryIfOf(work),
    skip_exit_codes: exitCodes(work, 'skip_exit_codes'),
    fail_exit_codes: exitCodes(work, 'fail_exit_codes'),
    poll: pollOf(entry(root, 'poll')),
    start_timeout: span(key, 'start_timeout'),
    queue_timeout: span(key, 'queue_timeout') ?? longestWait,
    deadline: span(key, 'deadline'),
    cleanup_timeout: span(key, 'cleanup_timeout') ?? 600_000,
    allow_failure: flag(key, 'allow_failure'),
    finally: flag(work.key, 'finally'),
    setup_for: setUpFor(draft, task),
    teardown_for: teardownFor(draft, task),
    between: [],
    latest_only: flag(key, 'latest_only'),
    depends_on_past: flag(key, 'depends_on_past'),
    pool: poolOf(key),
    slots: number(key, 'slots', 1),
    priority: number(key, 'priority', 0),
    queue: queueOf(work),
    effects: textOf(root, 'effects'),
  }
}

const poolOf = (key: KeyOf): string | null => {
  const located = key('pool')
  return located?.kind === 'scalar' && typeof located.value === 'string' ? located.value : null
}

/** What says which components' cells it is in: the keys of the cells only where they are not those of its items. */
function joinedBy({ joins }: DraftTask): Pick<Task, 'joined' | 'joins'> {
  const joined = joins.at(-1)?.group ?? null
  const [only] = joins
  const plain = joins.length === 0 || (joins.length === 1 && only?.keys.length === new Set(only?.keys).size)
  return { joined, ...(plain ? {} : { joins: joins.map(({ group, keys }) => ({ group, keys: [...keys] })) }) }
}

/** Workers may stand in the image of a task of the pool; that of a pod is checked with the pod. */
function checkImage({ key, fault }: Work, { image, executor }: Task): void {
  const at = key('image')
  if (at === null || image === null || executor !== 'pool' || image.includes('${{')) return
  const why = imageFault(image)
  if (why !== null) fault(at, `\`image\`: ${why}`)
}

const onlyWaits = ({ action }: Task): boolean => action.kind === 'approve' || action.kind === 'wait'

/** What it says of its pod, where it is one; where it is none, that is a fault. */
function withPod(work: Work, task: Task): Task {
  const { key, fault } = work
  const secrets = key('secrets')
  if (secrets !== null && entry(work.task.source.root, 'secrets') !== null && onlyWaits(task))
    fault(secrets, '`secrets` are given to what runs: this task only waits')
  const { root, idSpan } = work.task.source
  const reading = { root, key, fault, misshapen: work.task.scope.document.misshapen }
  if (onlyWaits(task)) return (refusePodKeys(reading, 'this task only waits, and has none'), task)
  if (task.executor !== 'kubernetes') {
    refusePodKeys(reading, 'write `executor: kubernetes`, too')
    checkImage(work, task)
    return task
  }
  const pod = podOfTask(reading, task, idSpan)
  return pod === undefined ? task : { ...task, pod }
}

/** The task, or null when it has no action; every fault is in its notebook's report. */
export function assembleTask(draft: Draft, task: DraftTask): Task | null {
  const { document } = task.scope
  const { scope, needs, axes, mapped } = task
  const place: Place = { draft, scope, needs, axes, mapped }
  const work: Work = {
    draft,
    task,
    place,
    key: keyOf(document, task.source),
    fault: (at, message) => document.report.add(at, message),
  }
  const { root } = task.source
  checkCondition(place, work.key('if'))
  const action = actionOf(work)
  const image = work.key('image')
  if (image !== null) checkText(place, image)
  const assembled = {
    id: task.id,
    title: textOf(root, 'title'),
    description: textOf(root, 'description'),
    scope: task.scope.id,
    needs: task.needs,
    trigger_rule: task.rule,
    if: task.conditions,
    args: texts(work, 'args'),
    folder: document.folder,
    matrix: task.matrix,
    ...joinedBy(task),
    map: mapOf(place, entry(root, 'map')),
    inputs: inputsOf(work),
    outputs: outputsOf(work),
    metrics: metricsOf(work),
    values: valuesOf(work),
    env: environmentOf(work),
    ...secretsOf(work),
    image: image === null ? null : scalarText(image),
    executor: executorOf(work),
    resources: resourcesOf(work),
    timeout: span(work.key, 'timeout'),
    retries: number(work.key, 'retries', 0),
    retry_delay: span(work.key, 'retry_delay') ?? 0,
    retry_backoff: backoffOf(work),
    infrastructure_retries: number(work.key, 'infrastructure_retries', 3),
    ...engineKeys(work),
    renamed_from: formerId(task),
    source: document.report.at(task.source.idSpan),
  }
  return action === null ? null : withPod(work, { ...assembled, action })
}
