import { createInterface } from 'node:readline/promises'
import { Writable } from 'node:stream'
import { text as textOf } from 'node:stream/consumers'

/** A line from the terminal, which is not shown; without a terminal all of standard input. */
export async function askHidden(question: string): Promise<string> {
  if (!process.stdin.isTTY) return textOf(process.stdin)
  process.stderr.write(question)
  const nowhere = new Writable({ write: (_, __, done) => done() })
  const asking = createInterface({ input: process.stdin, output: nowhere, terminal: true })
  try {
    return await asking.question('')
  } finally {
    asking.close()
    process.stderr.write('\n')
  }
}
