/** For tests: notebooks in a line or two. */
import { compile } from '../compile.ts'
import { formatFault } from '../fault.ts'

const files = (all: Record<string, string>) => (path: string) => all[path] ?? null

/** A notebook of these cells; `files` are beside it. */
export function notebook(cells: string, more: { front?: string; files?: Record<string, string> } = {}) {
  const text = `---\ndagbok: 1\nid: x\n${more.front ?? ''}---\n\n${cells}`
  return compile({ path: 'd/x.dag.md', text, readFile: files(more.files ?? {}) })
}
export const task = (yaml: string, script = 'echo') =>
  `\`\`\`yaml task\n${yaml}\n\`\`\`\n\`\`\`bash script\n${script}\n\`\`\`\n`
export const words = (compiled: ReturnType<typeof compile>) => compiled.faults.map(formatFault)
