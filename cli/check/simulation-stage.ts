/** The simulation as a stage: all seeds are one check, each mutant is one more. */
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { runTool, type Tally } from './stage.ts'

/** Seeds of `npm test` (promises.md). */
const seeds = 20_000

/** A simulation that ends without a report has failed. */
export async function simulationStage(): Promise<Tally> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-simulation-'))
  try {
    const report = join(folder, 'report.json')
    const args = ['--seeds', String(seeds), '--first', '--mutants', '--report', report]
    const code = await runTool('workers/simulation/main.ts', args)
    const tally = JSON.parse(await readFile(report, 'utf8')) as Tally
    return { ...tally, failed: Math.max(tally.failed, code === 0 ? 0 : 1) }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
