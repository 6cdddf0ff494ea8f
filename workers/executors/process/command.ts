/** What is executed for an attempt (N2): the argument vector, and the file an inline script is written to. */
import { scriptStart } from '#server/services/pod/script-start.ts'
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

/** `$(NAME)` is replaced by the task's variable, `$$(` is a literal `$(`; what is no variable stays as it is. */
export const expand = (text: string, env: Record<string, string>): string =>
  text.replaceAll(/\$\$\(|\$\(([A-Za-z_][A-Za-z0-9_]*)\)/g, (whole, name: string | undefined) =>
    name === undefined ? '$(' : (env[name] ?? whole),
  )

const isWarm = (lang: string): lang is WarmLanguage =>
  lang === 'python' || lang === 'javascript' || lang === 'typescript'

const warmOf = (lang: string, path: string, args: string[]): WarmScript | null =>
  isWarm(lang) ? { language: lang, path, args } : null

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
