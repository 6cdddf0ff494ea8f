/** A stage of `npm test`: a command, how many checks passed, failed and were skipped in it, and which ones failed. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { stripVTControlCharacters } from 'node:util'

export const root = resolve(import.meta.dirname, '../..')

export interface Failure {
  /** Repository path; null where it is of no file. */
  file: string | null
  /** Of the test, with those of what it stands in; null where it is of no test. */
  name: string | null
  /** The first line of what went wrong. */
  message: string
}

export interface Tally {
  passed: number
  failed: number
  skipped: number
  failures: Failure[]
  /** Why something was skipped, one line each. */
  reasons?: string[]
}

export interface StageResult extends Required<Tally> {
  name: string
  ms: number
}

/** The first line of a text that says anything, without its colours. */
export const firstLine = (text: string): string =>
  stripVTControlCharacters(text)
    .split('\n')
    .map((line) => line.trim())
    .find((line) => line !== '') ?? ''

export interface ToolOptions {
  output?: 'inherit' | 'ignore'
  env?: NodeJS.ProcessEnv
}

/** Runs a script with this Node, its output going through to the terminal if not said otherwise. Gives the exit code. */
export async function runTool(
  script: string,
  args: string[],
  { output = 'inherit', ...more }: ToolOptions = {},
): Promise<number> {
  const child = spawn(process.execPath, [resolve(root, script), ...args], {
    ...more,
    cwd: root,
    stdio: ['ignore', output, output],
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

/**
 * Runs a script that writes its tally to a file as JSON. One that fails without a check that did has failed, too.
 * @param args its arguments, given the path of that file
 * @throws Error when it ends without a tally
 */
export async function reported(
  script: string,
  args: (file: string) => string[],
  options?: ToolOptions,
): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-check-'))
  try {
    const file = join(folder, 'report.json')
    const code = await runTool(script, args(file), options)
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text === null) throw new Error(`${script} ended with ${code} before it had a result`)
    const tally = JSON.parse(text) as Tally
    return { ...tally, failed: Math.max(tally.failed, code === 0 ? 0 : 1) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Lines of a tool's output that are said again where it failed. */
const saidAgain = 10

/** One check: a tool that fails says why in its first lines. */
export async function wholeTool(script: string, args: string[]): Promise<Tally> {
  const child = spawn(process.execPath, [resolve(root, script), ...args], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const from of [child.stdout, child.stderr])
    from.on('data', (part: Buffer) => {
      said += part.toString()
    })
  const [code] = (await once(child, 'close')) as [number | null]
  // In one piece: others may speak at the same time.
  if (said !== '') console.log(`${basename(script)}:\n${said.trimEnd()}`)
  if (code === 0) return { passed: 1, failed: 0, skipped: 0, failures: [] }
  const lines = said.split('\n').filter((line) => firstLine(line) !== '')
  const failures = [...lines.slice(0, saidAgain), ...(lines.length === 0 ? [`it ended with ${code}`] : [])]
  return {
    passed: 0,
    failed: 1,
    skipped: 0,
    failures: failures.map((line) => ({ file: null, name: null, message: firstLine(line) })),
  }
}

/** Times `work` and never throws: what throws has failed. */
export async function runStage(name: string, work: () => Promise<Tally>): Promise<StageResult> {
  console.log(`\n── ${name}`)
  const start = performance.now()
  const tally = await work().catch((error: unknown): Tally => {
    console.error(error)
    return {
      passed: 0,
      failed: 1,
      skipped: 0,
      failures: [{ file: null, name: null, message: firstLine(String(error)) }],
    }
  })
  return { name, ms: performance.now() - start, reasons: [], ...tally }
}
