/** What is executed for an attempt (N2): the argument vector, and the file an inline script is written to. */
import { extname, posix } from 'node:path'
import type { AttemptJob } from '../executor.ts'
import type { WarmLanguage, WarmScript } from './warm/warm-starts.ts'

export interface CommandLine {
  /** Program and arguments; the program is looked up on PATH unless it has a slash. */
  argv: string[]
  /** Repository path and text of the inline script, to be written before. */
  file: { path: string; text: string } | null
  /** The same for an interpreter that was started before; null: it starts anew. */
  warm: WarmScript | null
}

const interpreters: Record<string, { argv: string[]; extension: string }> = {
  bash: { argv: ['bash', '-eo', 'pipefail'], extension: '.sh' },
  sh: { argv: ['sh', '-e'], extension: '.sh' },
  python: { argv: ['python3', '-u'], extension: '.py' },
  javascript: { argv: ['node'], extension: '.js' },
  typescript: { argv: ['node', '--disable-warning=ExperimentalWarning'], extension: '.ts' },
  r: { argv: ['Rscript'], extension: '.R' },
}

const byExtension: Record<string, string> = {
  '.sh': 'bash',
  '.bash': 'bash',
  '.py': 'python',
  '.js': 'javascript',
  '.mjs': 'javascript',
  '.cjs': 'javascript',
  '.ts': 'typescript',
  '.mts': 'typescript',
  '.r': 'r',
}

/** `$(NAME)` is replaced by the task's variable, `$$(` is a literal `$(`; what is no variable stays as it is. */
export const expand = (text: string, env: Record<string, string>): string =>
  text.replaceAll(/\$\$\(|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$(' : (env[name] ?? whole),
  )

/** A path as an argument, so that it is never an option or looked up on PATH. */
const relative = (folder: string, path: string) => {
  const found = posix.relative(folder, path)
  return found.startsWith('.') ? found : `./${found}`
}

const isWarm = (lang: string): lang is WarmLanguage =>
  lang === 'python' || lang === 'javascript' || lang === 'typescript'

const warmOf = (lang: string, path: string, args: string[]): WarmScript | null =>
  isWarm(lang) ? { language: lang, path, args } : null

export interface ScriptStart {
  /** Its interpreter, and its path from the working directory. */
  argv: string[]
  /** Of both, the path. */
  path: string
  lang: string
  /** Repository path and text of an inline script, to be written before. */
  file: CommandLine['file']
}

/** What runs a script, before its arguments. Nothing is expanded in it. */
export function scriptStart(job: Pick<AttemptJob, 'action' | 'folder' | 'task'>): ScriptStart | null {
  const { action, folder, task } = job
  if (action.kind === 'command' || action.kind === 'image') return null
  if (action.kind === 'script_file') {
    const lang = byExtension[extname(action.path).toLowerCase()] ?? ''
    const path = relative(folder, action.path)
    return { argv: [...(interpreters[lang]?.argv ?? []), path], path, lang, file: null }
  }
  const interpreter = interpreters[action.lang]
  const argv = action.shell ?? interpreter?.argv
  if (argv === undefined) throw new Error(`no interpreter for '${action.lang}'`)
  const target = posix.join(folder, `.dagbok-${task}${interpreter?.extension ?? ''}`)
  const path = relative(folder, target)
  return { argv: [...argv, path], path, lang: action.lang, file: { path: target, text: action.text } }
}

export function commandLine(job: AttemptJob, env: Record<string, string>): CommandLine {
  const { action } = job
  const args = action.args.map((text) => expand(text, env))
  if (action.kind === 'image') throw new Error('an image alone is run as a pod only: it needs a command here')
  if (action.kind === 'command')
    return { argv: [...action.command.map((text) => expand(text, env)), ...args], file: null, warm: null }
  const script = scriptStart(job)
  if (script === null) throw new Error('what is no command is a script')
  const { argv, path, lang, file } = script
  // What waits in store is the language's own interpreter.
  const own = action.kind === 'script_file' || action.shell === undefined
  return { argv: [...argv, ...args], file, warm: own ? warmOf(lang, path, args) : null }
}
