import { Command } from 'commander'
import type { RunDetail } from '#server/views/run.ts'
import { exitCodes } from '../../client/failure.ts'
import { followRun } from '../../client/follow-run.ts'
import { runOf } from '../../client/addresses.ts'
import { signedInClient, type RestClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { dim, plain, say, sayJson, toned, warn } from '../../print/output.ts'
import { lengthOf, taskWords } from '../../print/run.ts'

export interface WatchOptions {
  exitStatus?: true
  json?: true
}

/** A line for each task run that is in another state than before. */
function changesOf(run: RunDetail, before: Map<string, string>): string[] {
  return run.taskRuns.flatMap((task) => {
    const name = taskWords(task)
    const state = `${task.state} ${task.attempts.length}`
    if (before.get(name) === state || (task.state === 'waiting' && !before.has(name))) return []
    before.set(name, state)
    const again = task.attempts.length > 1 ? dim(`attempt ${task.attempts.length}`) : ''
    const took = task.endedAt === null ? '' : dim(lengthOf(task, Date.now()))
    const time = dim(new Date().toTimeString().slice(0, 8))
    return [[time, name, toned(task.state), again, took].filter((part) => part !== '').join('  ')]
  })
}

/** Follows a run to its end. Ctrl-C leaves the run alone. */
export async function watchToEnd(client: RestClient, id: string, options: WatchOptions): Promise<void> {
  // What is read by a program is the end, and nothing else.
  const tell = options.json ? warn : say
  const before = new Map<string, string>()
  const leave = () => {
    warn(
      `\nThe run goes on. \`dagbok run watch ${id}\` follows it again, \`dagbok run cancel ${id}\` ends it.`,
    )
    process.exit(exitCodes.interrupted)
  }
  process.once('SIGINT', leave)
  try {
    let last: RunDetail | null = null
    for await (const run of followRun(client, id, (error) => warn(`${error.message} Still trying.`))) {
      for (const line of changesOf(run, before)) tell(line)
      last = run
    }
    if (last === null) return
    if (options.json) sayJson(last)
    else say(`${toned(last.state, plain(last.headline))}\n${last.url}`)
    if (options.exitStatus && last.state !== 'succeeded') process.exitCode = exitCodes.failed
  } finally {
    process.off('SIGINT', leave)
  }
}

export const runWatch = (): Command =>
  new Command('watch')
    .description('Follow a run to its end. Ctrl-C leaves the run going.')
    .argument('<RUN>')
    .option('--exit-status', 'exit with 1 unless it succeeded')
    .action(async (text: string, options: WatchOptions) => {
      const address = runOf(text)
      const client = await signedInClient()
      await watchToEnd(client, (await readRun(client, address)).id, options)
    })
