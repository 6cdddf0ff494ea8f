/** `on`: what besides people and the clock starts a DAG. Whether what it names is there is not asked: it may come later. */
import { noTriggers, type Param, type Triggers } from '../../dag/spec.ts'
import { entry, type Located } from '../located.ts'
import type { SourceDocument } from './document.ts'
import { textOf } from './front-matter.ts'
import { givenFaults } from './schedule.ts'

const success = /^([a-z0-9][a-z0-9._-]*)\/([a-z][a-z0-9_-]*)(?:@(\S+))?$/
const published = /^([a-z0-9][a-z0-9._-]*)\/([a-z][a-z0-9_-]*)\.([a-z][a-z0-9_.-]*)\.([a-z][a-z0-9_-]*)$/

/** A text or a list of texts, each with its place. */
const textsOf = (located: Located | null): { text: string; at: Located }[] =>
  (located?.kind === 'list' ? located.items : located === null ? [] : [located]).flatMap((at) =>
    at.kind === 'scalar' ? [{ text: String(at.value), at }] : [],
  )

function readSuccess({ report }: SourceDocument, on: Located): Triggers['success_of'] {
  return textsOf(entry(on, 'success_of')).flatMap(({ text, at }) => {
    const [, repo, dag, ref] = success.exec(text) ?? []
    if (repo !== undefined && dag !== undefined) return [{ repo, dag, ref: ref ?? null }]
    report.add(at, `'${text}' names no DAG: write REPOSITORY/DAG, or REPOSITORY/DAG@VERSION`)
    return []
  })
}

function readOutputs({ report }: SourceDocument, on: Located): Triggers['outputs'] {
  const located = entry(on, 'outputs')
  if (located === null) return null
  const [all, any] = [entry(located, 'all'), entry(located, 'any')]
  if ((all === null) === (any === null)) {
    report.add(located, '`on.outputs` has either `all` or `any`, a list of REPOSITORY/DAG.TASK.OUTPUT')
    return null
  }
  const seen = new Set<string>()
  const of = textsOf(all ?? any).flatMap(({ text, at }) => {
    const [, repo, dag, task, output] = published.exec(text) ?? []
    if (repo === undefined || dag === undefined || task === undefined || output === undefined)
      report.add(at, `'${text}' names no output: write REPOSITORY/DAG.TASK.OUTPUT`)
    else if (seen.has(text)) report.add(at, `'${text}' is named twice`)
    else {
      seen.add(text)
      return [{ repo, dag, task, output }]
    }
    return []
  })
  if (textsOf(all ?? any).length === 0) report.add(located, '`on.outputs` names no output')
  return { mode: all === null ? 'any' : 'all', of }
}

function readWebhook(
  { report }: SourceDocument,
  on: Located,
  declared: Record<string, Param>,
): Triggers['webhook'] {
  const located = entry(on, 'webhook')
  if (located === null || (located.kind === 'scalar' && located.value !== true)) return null
  const param = textOf(located, 'param')
  if (param !== null && declared[param] === undefined)
    report.unknown(
      entry(located, 'param') ?? located,
      `there is no param '${param}' to take the body`,
      param,
      Object.keys(declared),
    )
  return { param }
}

/** Runs that start by themselves have no one who fills in a form. */
function checkDefaults(document: SourceDocument, on: Located, declared: Record<string, Param>): void {
  const missingBut = (param: string | null) =>
    givenFaults(declared, {}).filter(({ missing }) => missing !== null && missing !== param)
  for (const key of ['success_of', 'outputs', 'webhook']) {
    const at = entry(on, key)
    if (at === null || (at.kind === 'scalar' && at.value === false)) continue
    for (const { message } of missingBut(textOf(at, 'param')))
      document.report.add(at, `the runs that \`${key}\` starts cannot be made: ${message} and has no default`)
  }
}

export function readTriggers(document: SourceDocument, declared: Record<string, Param>): Triggers {
  const on = entry(document.front, 'on')
  if (on === null || on.kind !== 'map') return noTriggers
  checkDefaults(document, on, declared)
  return {
    success_of: readSuccess(document, on),
    outputs: readOutputs(document, on),
    webhook: readWebhook(document, on, declared),
  }
}
