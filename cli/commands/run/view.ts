import { once } from 'node:events'
import { Command, InvalidArgumentError, Option } from 'commander'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { AttemptRecord } from '#server/views/attempt.ts'
import type { PodView } from '#server/views/pod.ts'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'
import { exitCodes, UsageError } from '../../client/failure.ts'
import { runOf, taskRunOf } from '../../client/addresses.ts'
import { signedInClient, type RestClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { openBrowser } from '../../print/browser.ts'
import { dim, say, sayJson, warn } from '../../print/output.ts'
import { attemptText } from '../../print/attempt.ts'
import { sayPod } from '../../print/pod.ts'
import { runText, saidOfTask, taskWords } from '../../print/run.ts'
import { saySearch } from './search.ts'

interface Options {
  task?: string
  attempt?: number
  log?: true
  search?: string
  matchCase?: true
  pod?: true
  logFailed?: true
  web?: true
  exitStatus?: true
  json?: true
}

/** Which attempt's log of a task run, or whose record. */
async function sayLog(client: RestClient, run: RunDetail, task: TaskRunView, n: number): Promise<void> {
  say(dim(`==> ${taskWords(task)}, attempt ${n} <==`))
  const path = `/runs/${run.id}/tasks/${task.task}/attempts/${n}/log`
  let last = 10
  for await (const part of (await client.bytes(path, { key: task.key })) as AsyncIterable<Uint8Array>) {
    last = part.at(-1) ?? last
    if (!process.stdout.write(part)) await once(process.stdout, 'drain')
  }
  // The next head begins a line.
  if (last !== 10) say('')
}

/** The newest log of each task run, in order, as far as it is there. */
async function sayLogs(client: RestClient, run: RunDetail, onlyFailed: boolean): Promise<void> {
  const tasks = run.taskRuns.filter((task) => !onlyFailed || task.state === 'failed')
  if (tasks.length === 0) warn('No task failed.')
  for (const task of tasks) {
    const attempt = task.attempts.at(-1)
    if (attempt !== undefined) await sayLog(client, run, task, attempt.n)
  }
}

/** One task run: all that is kept of its newest attempt, or of the one asked for; or its log. */
async function sayTask(client: RestClient, run: RunDetail, text: string, options: Options): Promise<void> {
  const { task, key } = taskRunOf(text)
  const found = run.taskRuns.find((one) => one.task === task && one.key === key)
  if (found === undefined)
    throw new DagbokError('not_found', `Run ${run.number} has no task run ${taskWords({ task, key })}.`)
  if (options.pod) {
    const path = `/runs/${run.id}/tasks/${encodeURIComponent(task)}/pod`
    return sayPod(await client.get<PodView>(path, { key, n: options.attempt }), options)
  }
  const n = options.attempt ?? found.attempts.at(-1)?.n
  if (n === undefined)
    throw new DagbokError(
      'not_found',
      `${taskWords(found)} has no attempt. ${found.whyNotRunning?.sentence ?? `It is ${found.state}.`}`,
    )
  const attempt = found.attempts.find((one) => one.n === n)
  if (options.search !== undefined && attempt !== undefined) {
    const log = { path: `/runs/${run.id}/tasks/${encodeURIComponent(task)}/attempts/${n}/log`, key }
    const { search, matchCase = false } = options
    return saySearch(client, attempt, log, { search, matchCase, ...(options.json ? { json: true } : {}) })
  }
  if (options.log) return sayLog(client, run, found, n)
  const path = `/runs/${run.id}/tasks/${encodeURIComponent(task)}/attempts/${n}`
  const record = await client.get<AttemptRecord>(path, { key })
  if (options.json) sayJson(record)
  else say(attemptText(record, saidOfTask(run, task)))
}

function attemptOf(text: string): number {
  const n = Number(text)
  if (!Number.isInteger(n) || n < 1) throw new InvalidArgumentError('The first attempt is 1.')
  return n
}

async function view(text: string, options: Options): Promise<void> {
  const address = runOf(text)
  if (options.attempt !== undefined && options.task === undefined)
    throw new UsageError('--attempt is of a task: add --task TASK.')
  if (options.search !== undefined && options.task === undefined)
    throw new UsageError('--search is of the log of a task: add --task TASK.')
  if (options.pod && options.task === undefined) throw new UsageError('--pod is of a task: add --task TASK.')
  const client = await signedInClient()
  const run = await readRun(client, address)
  if (options.web) openBrowser(run.url)
  if (options.task !== undefined) await sayTask(client, run, options.task, options)
  else if (options.json) sayJson(run)
  else if (options.log || options.logFailed) await sayLogs(client, run, options.logFailed === true)
  else say(runText(run, Date.now()))
  if (options.exitStatus && (run.state === 'failed' || run.state === 'cancelled'))
    process.exitCode = exitCodes.failed
}

export const runView = (): Command =>
  new Command('view')
    .description('A run with its task runs and why those that wait do; or all that is kept of one attempt.')
    .argument('<RUN>')
    .option('--task <TASK>', 'a task run of it: what its newest attempt was given, did and left')
    .option('--attempt <N>', 'of that, this attempt', attemptOf)
    .addOption(new Option('--log', 'print the logs of its tasks, or of that attempt').conflicts('json'))
    .addOption(
      new Option(
        '--search <TEXT>',
        'of the log of that attempt, the lines that hold this, numbered',
      ).conflicts(['pod', 'logFailed']),
    )
    .option('--match-case', 'of --search: capital letters count')
    .addOption(
      new Option(
        '--pod',
        'of a task that is a pod: its YAML, as it is to be, or as it was last seen',
      ).conflicts(['log', 'logFailed']),
    )
    .addOption(
      new Option('--log-failed', 'print the logs of the tasks that failed').conflicts([
        'json',
        'log',
        'task',
      ]),
    )
    .option('--web', 'open its page')
    .option('--exit-status', 'exit with 1 if it failed or was cancelled')
    .action(view)
