/** Pause, resume and cancel: one question to REST each. */
import { Command } from 'commander'
import { backfillOf, dagPath, dagWords } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { say, sayJson } from '../../print/output.ts'

const change = (verb: 'pause' | 'resume' | 'cancel', description: string, done: string) =>
  new Command(verb)
    .description(description)
    .argument('<BACKFILL>')
    .action(async (text: string, options: { json?: true }) => {
      const { dag, number } = backfillOf(text)
      const path = `${dagPath(dag)}/backfills/${number}/${verb}`
      const answer = await (await signedInClient()).post<object>(path)
      if (options.json) return sayJson(answer)
      say(`Backfill ${number} of ${dagWords(dag)} ${done}.`)
    })

export const backfillPause = (): Command =>
  change('pause', 'Make no further runs of a backfill; those that are there go on.', 'is paused')
export const backfillResume = (): Command => change('resume', 'Go on with a paused backfill.', 'goes on')
export const backfillCancel = (): Command => change('cancel', 'End a backfill and its runs.', 'is cancelled')
