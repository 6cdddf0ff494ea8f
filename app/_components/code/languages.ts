/** The languages that cells are written in, for editors and for reading. */
import { javascriptLanguage, typescriptLanguage } from '@codemirror/lang-javascript'
import { markdown, markdownLanguage } from '@codemirror/lang-markdown'
import { pythonLanguage } from '@codemirror/lang-python'
import { yamlLanguage } from '@codemirror/lang-yaml'
import { StreamLanguage, type Language } from '@codemirror/language'
import { r } from '@codemirror/legacy-modes/mode/r'
import { shell } from '@codemirror/legacy-modes/mode/shell'

const shellLanguage = StreamLanguage.define(shell)
const rLanguage = StreamLanguage.define(r)

const languages: Record<string, Language> = {
  yaml: yamlLanguage,
  python: pythonLanguage,
  py: pythonLanguage,
  javascript: javascriptLanguage,
  js: javascriptLanguage,
  node: javascriptLanguage,
  typescript: typescriptLanguage,
  ts: typescriptLanguage,
  bash: shellLanguage,
  sh: shellLanguage,
  shell: shellLanguage,
  r: rLanguage,
  R: rLanguage,
}

/** Prose with its fences in their own languages. */
const prose = markdown({
  base: markdownLanguage,
  codeLanguages: (info) => languages[/^\w+/.exec(info)?.[0] ?? ''] ?? null,
}).language

/** The language of a fence's first word; null for one that is shown without colours. */
export const languageOf = (name: string): Language | null =>
  name === 'markdown' ? prose : (languages[name] ?? null)
