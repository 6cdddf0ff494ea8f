/** Other programs, waited for. */
import { execFile } from 'node:child_process'
import { childEnvironment } from '#server/config/environment.ts'
import { ClusterError } from './cluster-error.ts'

export interface RunOptions {
  cwd?: string
  /** On top of this process's own. */
  env?: Record<string, string>
  input?: string
}

/** @returns what it printed, trimmed. @throws ClusterError with the end of what it said, when it fails or is not there */
export function run(argv: readonly string[], { cwd, env = {}, input }: RunOptions = {}): Promise<string> {
  const [file = '', ...args] = argv
  return new Promise((done, failed) => {
    const child = execFile(
      file,
      args,
      { maxBuffer: 64 * 2 ** 20, cwd, env: childEnvironment(env) },
      (error, stdout, stderr) => {
        if (error === null) return done(stdout.trim())
        const said = `${stderr}\n${stdout}`.trim().split('\n').slice(-12).join('\n')
        return failed(
          new ClusterError(`${[file, ...args].slice(0, 6).join(' ')} failed: ${said || error.message}`),
        )
      },
    )
    child.stdin?.on('error', () => {})
    child.stdin?.end(input ?? '')
  })
}

/** Whether it ends with 0. */
export const succeeds = (argv: readonly string[], options: RunOptions = {}): Promise<boolean> =>
  run(argv, options).then(
    () => true,
    () => false,
  )
