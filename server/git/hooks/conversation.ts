/** The product's end of a push's hooks: reads what a hook says, answers it. One push has at most two hooks, in turn. */
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import type { RefUpdate } from '../../domain/version/ref-update.ts'
import type { Quarantine } from '../run-git.ts'

export interface HookCall {
  hook: 'pre-receive' | 'post-receive'
  quarantine: Quarantine | null
  options: string[]
  updates: RefUpdate[]
}

export interface HookAnswer {
  accepted: boolean
  /** Shown to the client behind `remote: `. */
  lines: string[]
}

/** A line for the client cannot end the answer, or be more than one. */
const shown = (line: string) =>
  line.split('\n').map((part) => (part === '.' ? ' .' : part.replaceAll('\r', '')))

function parse(lines: string[]): HookCall {
  const value = (name: string) =>
    lines.filter((line) => line.startsWith(`${name} `)).map((line) => line.slice(name.length + 1))
  const objects = value('objects')[0] ?? ''
  const updates = value('update').map((line) => {
    const [oldSha = '', newSha = '', ...ref] = line.split(' ')
    return { oldSha, newSha, ref: ref.join(' ') }
  })
  const quarantine = objects === '' ? null : { objects, alternates: value('alternates')[0] ?? '' }
  return {
    hook: lines[0] === 'pre-receive' ? 'pre-receive' : 'post-receive',
    quarantine,
    options: value('option'),
    updates,
  }
}

/** Answers hooks until the stream ends. The handler must not throw: git waits until it is answered. */
export async function answerHooks(
  from: Readable,
  to: Writable,
  handle: (call: HookCall) => Promise<HookAnswer>,
): Promise<void> {
  let lines: string[] = []
  for await (const line of createInterface({ input: from, crlfDelay: Infinity })) {
    if (line !== '.') {
      lines.push(line)
      continue
    }
    const call = parse(lines)
    lines = []
    const answer = await handle(call)
    to.write(`${[answer.accepted ? '0' : '1', ...answer.lines.flatMap(shown), '.'].join('\n')}\n`)
  }
}
