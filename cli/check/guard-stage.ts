/** The performance guards as a stage: each bar is a check. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool, type Tally } from './stage.ts'

/** A run that ends without a report has failed. */
export async function guardStage(): Promise<Tally & { reasons: string[] }> {
  if (process.platform !== 'linux')
    return {
      passed: 0,
      failed: 0,
      skipped: 1,
      failures: [],
      reasons: ['performance guards: they read /proc of Linux'],
    }
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-guards-'))
  try {
    const file = join(folder, 'report.json')
    const code = await runTool('bench/guards.ts', [file])
    const tally = JSON.parse(await readFile(file, 'utf8')) as Tally
    return { ...tally, failed: Math.max(tally.failed, code === 0 ? 0 : 1), reasons: [] }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
