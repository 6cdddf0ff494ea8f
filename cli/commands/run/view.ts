import { once } from 'node:events'
import { Command, Option } from 'commander'
import type { RunDetail } from '#server/views/run.ts'
import { exitCodes } from '../../client/failure.ts'
import { runOf } from '../../client/addresses.ts'
import { signedInClient, type RestClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { openBrowser } from '../../print/browser.ts'
import { dim, say, sayJson, warn } from '../../print/output.ts'
import { runText, taskWords } from '../../print/run.ts'

interface Options {
  log?: true
  logFailed?: true
  web?: true
  exitStatus?: true
  json?: true
}

/** The newest log of each task run, in order, as far as it is there. */
async function sayLogs(client: RestClient, run: RunDetail, onlyFailed: boolean): Promise<void> {
  const tasks = run.taskRuns.filter((task) => !onlyFailed || task.state === 'failed')
  if (tasks.length === 0) warn('No task failed.')
  for (const task of tasks) {
    const attempt = task.attempts.at(-1)
    if (attempt === undefined) continue
    say(dim(`==> ${taskWords(task)}, attempt ${attempt.n} <==`))
    const path = `/runs/${run.id}/tasks/${task.task}/attempts/${attempt.n}/log`
    let last = 10
    for await (const part of (await client.bytes(path, { key: task.key })) as AsyncIterable<Uint8Array>) {
      last = part.at(-1) ?? last
      if (!process.stdout.write(part)) await once(process.stdout, 'drain')
    }
    // The next head begins a line.
    if (last !== 10) say('')
  }
}

export const runView = (): Command =>
  new Command('view')
    .description('A run with its task runs.')
    .argument('<RUN>')
    .addOption(new Option('--log', 'print the logs of its tasks').conflicts('json'))
    .addOption(
      new Option('--log-failed', 'print the logs of the tasks that failed').conflicts(['json', 'log']),
    )
    .option('--web', 'open its page')
    .option('--exit-status', 'exit with 1 if it failed or was cancelled')
    .action(async (text: string, options: Options) => {
      const address = runOf(text)
      const client = await signedInClient()
      const run = await readRun(client, address)
      if (options.web) openBrowser(run.url)
      if (options.json) sayJson(run)
      else if (options.log || options.logFailed) await sayLogs(client, run, options.logFailed === true)
      else say(runText(run, Date.now()))
      if (options.exitStatus && (run.state === 'failed' || run.state === 'cancelled'))
        process.exitCode = exitCodes.failed
    })
