import { readFile } from 'node:fs/promises'
import { Command } from 'commander'
import { signedInClient } from '../../client/rest-client.ts'
import { askHidden } from '../../client/ask-hidden.ts'
import { UsageError } from '../../client/failure.ts'
import { say, sayJson } from '../../print/output.ts'
import { withTeam } from '../pool/team.ts'
import { secretPath } from './path.ts'

interface Options {
  team: string
  file?: string
  json?: true
}

async function valueFrom(file: string | undefined, name: string): Promise<string> {
  if (file !== undefined)
    try {
      // Without the mark that some editors put before it; what is no text is refused.
      return new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file))
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      throw new UsageError(
        code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
          ? `${file} is no text in UTF-8: encode it, in base64 say.`
          : `${file} cannot be read (${code ?? 'error'}).`,
      )
    }
  const value = await askHidden(`Value of ${name} (it is not shown): `)
  if (process.stdin.isTTY && value.startsWith('-----BEGIN '))
    throw new UsageError('A terminal takes one line, and this value has several: give it with --file.')
  return value
}

export const secretSet = (): Command =>
  withTeam(
    new Command('set')
      .description(
        'Make a secret, or give it another value: it is no argument, so that it stands in no history.',
      )
      .argument('<NAME>', 'the variable that it is in a task')
      .option(
        '--file <FILE>',
        'a file with the value; without it, it is asked for, or read from standard input',
      ),
  ).action(async (name: string, { team, file, json }: Options) => {
    const client = await signedInClient()
    const value = await valueFrom(file, name)
    const answer = await client.put<object>(secretPath(team, name), { value })
    if (json) return sayJson(answer)
    say(`Secret ${name} of ${team} is set: attempts that start from now on get it.`)
  })
