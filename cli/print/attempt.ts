/** What is kept of an attempt, in lines. */
import { programOf } from '#server/domain/run/attempt-record.ts'
import { sizeWords } from '#server/domain/words.ts'
import type { AttemptRecord } from '#server/views/attempt.ts'
import { dim, plain, toned } from './output.ts'
import { taskWords } from './run.ts'
import { table } from './table.ts'

type Given = NonNullable<AttemptRecord['given']>

function inputWords(input: Given['inputs'][string]): string {
  switch (input.kind) {
    case 'file':
      return `${input.path}  ${sizeWords(input.size)}  ${dim(input.hash)}`
    case 'folder':
      return `${input.count} files`
    case 'repository_file':
      return `${input.path} of the version  ${dim(input.blob ?? '')}`
    case 'json':
      return JSON.stringify(input.value)
    case 'missing':
      return `${input.task}.${input.output} was not left`
    default:
      return ''
  }
}

/** The program and its arguments as executed; else as rendered. */
function commandWords({ argv, given }: AttemptRecord): string {
  if (argv !== null) return JSON.stringify(argv)
  if (given === null) return ''
  return JSON.stringify([...programOf(given.action), ...given.action.args])
}

const section = (title: string, rows: readonly (readonly string[])[]): string[] =>
  rows.length === 0 ? [] : ['', dim(title), ...rows.map((row) => `  ${row.map(plain).join('  ')}`)]

/** @param said lines about its task */
export function attemptText(record: AttemptRecord, said: readonly string[]): string {
  const { given, worker, events, outputs, metrics, values } = record
  const env = Object.entries(given?.env ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return [
    `${taskWords(record)}, attempt ${record.n}: ${toned(record.state)}`,
    ...said,
    ...(worker === null
      ? []
      : [`by ${record.executor} on ${plain(worker.host ?? worker.id)}, pid ${worker.pid ?? ''}`]),
    plain(commandWords(record)),
    '',
    table(
      ['AT', 'EVENT'],
      events.map(({ at, what }) => [at, plain(what)]),
    ),
    ...section(
      'PARAMS',
      Object.entries(given?.params ?? {}).map(([name, value]) => [`${name}=${JSON.stringify(value)}`]),
    ),
    ...section(
      'INPUTS',
      Object.entries(given?.inputs ?? {}).map(([name, input]) => [name, inputWords(input)]),
    ),
    ...section(
      'OUTPUTS',
      outputs.map(({ name, path, size, hash }) => [name, path, sizeWords(size), hash]),
    ),
    ...section(
      'METRICS',
      metrics.map(({ name, value }) => [`${name}=${value}`]),
    ),
    ...section(
      'VALUES',
      values.map(({ name, value }) => [`${name}=${JSON.stringify(value)}`]),
    ),
    ...section(
      'ENVIRONMENT',
      env.map(([name, value]) => [`${name}=${value}`]),
    ),
  ].join('\n')
}
