/** `npm run soak -- R10 …`: the trials that promises.md asks of a promise, which are too many for `npm test`. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { childEnvironment } from '#server/config/environment.ts'
import { root, runTool } from './stage.ts'

/** Seeds of a soak of the simulation, from one that is another each time. */
const seeds = 100_000

/** `project` is vitest's. */
const soaks: Record<string, { file: string; trials: number; project?: string }> = {
  R1: { file: 'e2e/faults/fleet.fault.test.ts', trials: 3000 },
  R10: { file: 'e2e/faults/push-kills.fault.test.ts', trials: 300 },
  'ten-thousand': { file: 'e2e/faults/ten-thousand.soak.test.ts', trials: 1, project: 'soak' },
}

const simulation = () =>
  runTool('workers/simulation/main.ts', ['--seeds', String(seeds), '--from', String(1 + (Date.now() % 1e9))])

async function main(promises: string[]): Promise<number> {
  const known = [...Object.keys(soaks), 'simulation']
  if (promises.length === 0 || promises.some((name) => !known.includes(name))) {
    console.error(`usage: npm run soak -- PROMISE …   known: ${known.join(', ')}`)
    return 1
  }
  let failed = 0
  for (const name of promises) {
    if (name === 'simulation') {
      if ((await simulation()) !== 0) failed++
      continue
    }
    const { file = '', trials = 0, project = 'faults' } = soaks[name] ?? {}
    const env = childEnvironment({
      DAGBOK_TRIALS: String(trials),
      DAGBOK_SEED: String(1 + (Date.now() % 1e6)),
    })
    console.log(`${name}: ${trials} trials from seed ${env['DAGBOK_SEED']}`)
    const args = ['node_modules/vitest/vitest.mjs', 'run', '--project', project, file]
    const [code] = (await once(
      spawn(process.execPath, args, { cwd: root, env, stdio: 'inherit' }),
      'close',
    )) as [number | null]
    if (code !== 0) failed++
  }
  return failed > 0 ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
