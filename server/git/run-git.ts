/** Calls of git: argument vectors made by us, a clean environment, hooks off. No user's text is ever an option. */
import { spawn, type ChildProcess } from 'node:child_process'
import { gitPath } from '../config/git.ts'
import { gitMs } from '../config/patience.ts'
import { DagbokError } from '../domain/errors/errors.ts'

/** What git may know of this machine: nothing but where programs are. */
export function gitEnvironment(more: Record<string, string> = {}): NodeJS.ProcessEnv {
  return {
    NODE_ENV: 'production',
    PATH: gitPath(),
    HOME: '/nonexistent',
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ALLOW_PROTOCOL: 'https:ssh',
    GIT_OPTIONAL_LOCKS: '0',
    ...more,
  }
}

/** Object folders of a push that is still in quarantine. */
export interface Quarantine {
  objects: string
  alternates: string
}

const quarantined = (quarantine: Quarantine | null): Record<string, string> =>
  quarantine === null
    ? {}
    : { GIT_OBJECT_DIRECTORY: quarantine.objects, GIT_ALTERNATE_OBJECT_DIRECTORIES: quarantine.alternates }

export interface GitCall {
  repository: string
  args: readonly string[]
  input?: string | Uint8Array
  quarantine?: Quarantine | null
  env?: Record<string, string>
  /** Bytes of its output that are held at most; a program that prints more is ended. */
  most?: number
  /** ms that it may take; then it is ended. */
  ms?: number
}

/** A commit of a few kilobytes can name more files than any machine can list. */
const mostBytes = 2 ** 30

/** @throws DagbokError `internal` with git's own words when it does not end with 0; as `tryGit` */
export async function runGit(call: GitCall): Promise<Buffer> {
  const { code, stdout, stderr } = await tryGit(call)
  if (code === 0) return stdout
  throw new DagbokError(
    'internal',
    `git ${call.args[0]} ended with ${code}: ${stderr.trim().split('\n')[0] ?? ''}`,
  )
}

/** The answer of a child; one that takes longer is ended, and not waited for: a disk that hangs does not let it go. */
function codeOf(child: ChildProcess, verb: string, ms: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL')
      reject(
        new DagbokError(
          'unavailable',
          `git ${verb} took longer than ${ms / 1000} s and was ended: its repository's disk may not answer.`,
        ),
      )
    }, ms)
    child.once('error', reject)
    child.once('close', (status) => {
      clearTimeout(timer)
      resolve(status ?? -1)
    })
  })
}

/**
 * The same, for calls whose exit code is an answer.
 * @throws DagbokError `too_large` when it prints more than `most`; `unavailable` when it takes longer than `ms`
 */
export async function tryGit({
  repository,
  args,
  input,
  quarantine = null,
  env = {},
  most = mostBytes,
  ms = gitMs,
}: GitCall): Promise<{ code: number; stdout: Buffer; stderr: string }> {
  const child = spawn(
    'git',
    ['-c', 'core.hooksPath=/dev/null', '-c', 'safe.directory=*', `--git-dir=${repository}`, ...args],
    {
      cwd: repository,
      env: gitEnvironment({ ...quarantined(quarantine), ...env }),
      stdio: ['pipe', 'pipe', 'pipe'],
    },
  )
  const out: Buffer[] = []
  let [stderr, size] = ['', 0]
  child.stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= most) out.push(chunk)
    else child.kill('SIGKILL')
  })
  child.stderr.on('data', (chunk: Buffer) => (stderr += stderr.length < 10_000 ? chunk.toString() : ''))
  child.stdin.on('error', () => {})
  child.stdin.end(input)
  const code = await codeOf(child, args[0] ?? '', ms)
  if (size > most)
    throw new DagbokError('too_large', `git ${args[0]} gives more than the ${most} bytes that are taken.`)
  return { code, stdout: Buffer.concat(out), stderr }
}

/** The same rule as git's own for branches and tags, narrowed to what needs no quoting anywhere. */
export const isRefName = (name: string): boolean =>
  /^refs\/(heads|tags)\/[A-Za-z0-9_][A-Za-z0-9._/+@=-]*$/.test(name) &&
  !/\.\.|\/\/|\.lock(\/|$)|\/\.|@\{|[./]$/.test(name) &&
  name.length <= 250

export const isSha = (text: string): boolean => /^[0-9a-f]{40}$/.test(text)
export const noSha = '0'.repeat(40)
