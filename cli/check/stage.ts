/** A stage of `npm test`: a command, and how many checks passed, failed and were skipped in it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'

export const root = resolve(import.meta.dirname, '../..')

export interface Tally {
  passed: number
  failed: number
  skipped: number
}

export interface StageResult extends Tally {
  name: string
  ms: number
  /** Why something was skipped, one line each. */
  reasons: string[]
}

/** Runs a script of a package with this Node, its output going through to the terminal. Gives the exit code. */
export async function runTool(script: string, args: string[]): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  const [code] = (await once(child, 'close')) as [number | null]
  return code ?? 1
}

/** Times `work` and never throws: what throws has failed. */
export async function runStage(
  name: string,
  work: () => Promise<Tally & { reasons?: string[] }>,
): Promise<StageResult> {
  console.log(`\n── ${name}`)
  const start = performance.now()
  const tally = await work().catch((error: unknown) => {
    console.error(error)
    return { passed: 0, failed: 1, skipped: 0 }
  })
  return { name, ms: performance.now() - start, reasons: [], ...tally }
}

/** One check: the tool's exit code. */
export const whole = (code: number): Tally => ({
  passed: code === 0 ? 1 : 0,
  failed: code === 0 ? 0 : 1,
  skipped: 0,
})
