/** What the verbs share that make a run: say which, open its page, follow it. */
import type { Command } from 'commander'
import { dagWords } from '../../client/addresses.ts'
import type { RestClient } from '../../client/rest-client.ts'
import { openBrowser } from '../../print/browser.ts'
import { say, sayJson, warn } from '../../print/output.ts'
import type { DagRef } from '#server/views/common.ts'
import { watchToEnd } from './watch.ts'

/** A run that was just made. */
export interface MadeRun {
  id: string
  number: number
  url: string
}

export interface FollowOptions {
  watch?: true
  exitStatus?: true
  web?: true
  json?: true
}

/** The options of a verb that makes a run. */
export const followed = (command: Command): Command =>
  command
    .option('--watch', 'follow it to its end')
    .option('--exit-status', 'follow it to its end, and exit with 1 unless it succeeded')
    .option('--web', 'open its page')

/** @param how `Started`, or what else was done */
export async function sayMade(
  client: RestClient,
  dag: DagRef,
  run: MadeRun,
  options: FollowOptions,
  how = 'Started',
): Promise<void> {
  const words = `${how} run ${run.number} of ${dagWords(dag)}: ${run.url}`
  if (options.web) openBrowser(run.url)
  if (!options.watch && !options.exitStatus) {
    if (options.json) return sayJson(run)
    return say(words)
  }
  warn(words)
  await watchToEnd(client, run.id, options)
}
