import { Argument, Command } from 'commander'
import { marks, type Mark } from '#server/domain/run/reuse.ts'
import { runOf, taskRunOf } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { say, sayJson } from '../../print/output.ts'
import { taskWords } from '../../print/run.ts'

async function mark(
  text: string,
  taskText: string,
  as: Mark,
  { reason, json }: { reason: string; json?: true },
): Promise<void> {
  const address = runOf(text)
  const { task, key } = taskRunOf(taskText)
  const client = await signedInClient()
  const run = await readRun(client, address)
  const path = `/runs/${run.id}/tasks/${encodeURIComponent(task)}/mark`
  const done = await client.post<{ noted: boolean }>(path, { as, reason, ...(key === null ? {} : { key }) })
  if (json) return sayJson(done)
  const name = taskWords({ task, key })
  say(
    done.noted
      ? `Noted that ${name} counts as ${as}. It keeps its state: \`dagbok run recover ${text}\` believes the note.`
      : `Marked ${name} as ${as}: ${run.url}`,
  )
}

export const runMark = (): Command =>
  new Command('mark')
    .description(
      'Give a task run a state by hand. One that has ended keeps its state: the mark is a note that a recover believes.',
    )
    .argument('<RUN>')
    .argument('<TASK>')
    .addArgument(new Argument('<STATE>', 'the state').choices(marks))
    .requiredOption('--reason <TEXT>', 'why, for the audit')
    .action(mark)
