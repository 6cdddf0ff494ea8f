/** What runs a script (N2): the same wherever it is executed. */
import { extname, posix } from 'node:path'

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

/** A path as an argument, so that it is never an option or looked up on PATH. */
const relative = (folder: string, path: string) => {
  const found = posix.relative(folder, path)
  return found.startsWith('.') ? found : `./${found}`
}

export interface ScriptStart {
  /** Its interpreter, and its path from the working directory. */
  argv: string[]
  /** Of both, the path. */
  path: string
  lang: string
  /** Repository path and text of an inline script, to be written before. */
  file: { path: string; text: string } | null
}

export interface ScriptOf {
  task: string
  /** Repository path of the working directory. */
  folder: string
  action:
    | { kind: 'script'; lang: string; text: string; shell?: readonly string[] | undefined }
    | { kind: 'script_file'; path: string }
    | { kind: 'command' }
    | { kind: 'image' }
}

/** What runs a script, before its arguments. Nothing is expanded in it. */
export function scriptStart(job: ScriptOf): ScriptStart | null {
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
