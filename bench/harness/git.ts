/** The git client as a user has it, without anything of this machine's configuration. */
import { spawn } from 'node:child_process'

const clean = (home: string) => ({
  NODE_ENV: 'production' as const,
  PATH: process.env['PATH'] ?? '/usr/bin:/bin',
  HOME: home,
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_TERMINAL_PROMPT: '0',
  GIT_AUTHOR_NAME: 'Bench',
  GIT_AUTHOR_EMAIL: 'bench@example.org',
  GIT_COMMITTER_NAME: 'Bench',
  GIT_COMMITTER_EMAIL: 'bench@example.org',
})

/** Runs git and gives what it printed. @throws when it exits with another code than 0 */
export async function git(cwd: string, ...args: string[]): Promise<string> {
  const child = spawn('git', args, { cwd, env: clean(cwd), stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const code = await new Promise<number | null>((resolve, reject) =>
    child.once('error', reject).once('close', resolve),
  )
  if (code !== 0) throw new Error(`git ${args[0]} ended with ${code}:\n${text}`)
  return text
}
