import { Command, Option } from 'commander'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { RunDetail } from '#server/views/run.ts'
import { runOf, taskRunOf } from '../../client/addresses.ts'
import { UsageError } from '../../client/failure.ts'
import { collected } from '../../client/params.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { say, sayJson } from '../../print/output.ts'
import { taskWords } from '../../print/run.ts'

interface Options {
  approve?: true
  reject?: true
  field: Record<string, string>
  comment?: string
  json?: true
}

/** The form that a task asks for. @throws DagbokError `not_found` */
function formOf(run: RunDetail, task: string): RunDetail['forms'][string] {
  const form = run.forms[task]
  if (form !== undefined) return form
  const asking = Object.keys(run.forms)
  throw new DagbokError(
    'not_found',
    asking.length === 0
      ? `No task of run ${run.number} is answered by a person.`
      : `'${task}' is not a task that a person answers: run ${run.number} has ${asking.join(', ')}.`,
  )
}

async function answer(text: string, taskText: string, options: Options): Promise<void> {
  const address = runOf(text)
  const { task, key } = taskRunOf(taskText)
  if (options.approve === undefined && options.reject === undefined)
    throw new UsageError('Say --approve or --reject.')
  const client = await signedInClient()
  const run = await readRun(client, address)
  const { fields } = formOf(run, task)
  const { fieldsSchema, readParams } = await import('#server/domain/run/params.ts')
  const done = await client.post<object>(`/runs/${run.id}/tasks/${encodeURIComponent(task)}/answer`, {
    yes: options.approve === true,
    values: readParams(fieldsSchema(fields), options.field),
    ...(key === null ? {} : { key }),
    ...(options.comment === undefined ? {} : { comment: options.comment }),
  })
  if (options.json) return sayJson(done)
  say(`${options.approve ? 'Approved' : 'Rejected'} ${taskWords({ task, key })}: ${run.url}`)
}

export const runAnswer = (): Command =>
  new Command('answer')
    .description('Answer a task that waits for a person. `run view` prints what it asks.')
    .argument('<RUN>')
    .argument('<TASK>')
    .addOption(new Option('--approve', 'answer yes').conflicts('reject'))
    .option('--reject', 'answer no')
    .option(
      '-f, --field <NAME=VALUE>',
      'a field of its form, read as its schema has it; may be given again',
      collected,
      {},
    )
    .option('--comment <TEXT>', 'a word to it, kept with the answer')
    .action(answer)
