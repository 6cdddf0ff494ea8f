import { once } from 'node:events'
import { Command } from 'commander'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { sizeWords } from '#server/domain/words.ts'
import type { TaskResult } from '#server/views/run.ts'
import { runOf, taskRunOf } from '../../client/addresses.ts'
import { signedInClient } from '../../client/rest-client.ts'
import { readRun } from '../../client/runs.ts'
import { writeWhole } from '../../client/write-whole.ts'
import { plain, say, sayJson } from '../../print/output.ts'
import { taskWords } from '../../print/run.ts'

interface Options {
  file?: string
  json?: true
}

async function output(run: string, text: string, name: string, { file, json }: Options): Promise<void> {
  const client = await signedInClient()
  const { task, key } = taskRunOf(text)
  const { id, number } = await readRun(client, runOf(run))
  const path = `/runs/${id}/tasks/${encodeURIComponent(task)}`
  const { outputs } = await client.get<TaskResult>(`${path}/result`, { key })
  const found = outputs.find((one) => one.name === name)
  if (found === undefined) {
    const names = outputs.map((one) => one.name).join(', ')
    throw new DagbokError(
      'not_found',
      `${taskWords({ task, key })} of run ${number} has no output '${name}': ${names === '' ? 'it has none' : `it has ${names}`}.`,
    )
  }
  const bytes = () => client.bytes(`${path}/outputs/${encodeURIComponent(name)}`, { key })
  if (file !== undefined) await writeWhole(await bytes(), file, found.hash)
  if (json) return sayJson(found)
  if (file !== undefined) return say(`${plain(file)}: ${sizeWords(found.size)}`)
  for await (const part of (await bytes()) as AsyncIterable<Uint8Array>)
    if (!process.stdout.write(part)) await once(process.stdout, 'drain')
}

export const runOutput = (): Command =>
  new Command('output')
    .description(
      'What a task left under a name: to stdout, or to a file that is there as a whole or not at all. With --json, what it is.',
    )
    .argument('<RUN>')
    .argument('<TASK>')
    .argument('<NAME>', 'of the output, as the task declares it')
    .option('--file <FILE>', 'write it there')
    .action(output)
