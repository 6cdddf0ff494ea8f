/** For tests: the command line as a process, as a user has it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { childEnvironment } from '#server/config/environment.ts'
import { root } from '../check/stage.ts'
import { nodeOptions } from '../setup/machine.mjs'

export interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

export interface Told {
  /** On top of the environment of the test, with no Dagbok named and no colour asked for. */
  env?: Record<string, string>
  stdin?: string
  cwd?: string
}

export interface Going {
  child: ChildProcess
  /** Until it has printed this; gives what it printed on that stream. */
  said: (stream: 'stdout' | 'stderr', words: string) => Promise<string>
  ended: Promise<Ended>
}

/** As a user calls it: a Node of any age, which checks the machine and starts the command with Node 24. */
const whole = [join(root, 'cli/dagbok.mjs')]
/** What that starts: half of the processes, for tests of what a command says. */
const command = [...nodeOptions, join(root, 'cli/commands/main.ts')]

/** Starts it as a user does. */
export function launchCli(
  args: readonly string[],
  { env = {}, stdin, cwd = root }: Told = {},
  program: readonly string[] = whole,
): Going {
  // A test runner on a terminal asks for colour.
  const { FORCE_COLOR: _, ...ours } = childEnvironment({ DAGBOK_URL: '', DAGBOK_TOKEN: '' })
  const child = spawn(process.execPath, [...program, ...args], {
    cwd,
    env: { ...ours, ...env },
    stdio: [stdin === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
  })
  const all = { stdout: '', stderr: '' }
  const looking = new Set<() => void>()
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.on('data', (part: Buffer) => {
      all[name] += part.toString()
      for (const look of looking) look()
    })
  child.stdin?.end(stdin)
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...all }))
  const said = (stream: 'stdout' | 'stderr', words: string) =>
    new Promise<string>((done, fail) => {
      const look = () => {
        if (!all[stream].includes(words)) return
        looking.delete(look)
        done(all[stream])
      }
      looking.add(look)
      look()
      void ended.then(() => fail(new Error(`it ended without '${words}':\n${all.stdout}\n${all.stderr}`)))
    })
  return { child, said, ended }
}

/** Runs the command to its end, without what a user's call does before it. */
export const runCli = (args: readonly string[], told: Told = {}): Promise<Ended> =>
  launchCli(args, told, command).ended
