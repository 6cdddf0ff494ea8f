/** `npm run soak -- R10 …`: the trials that the design asks of a promise, which are too many for `npm test`. */
import { childEnvironment } from '#server/config/environment.ts'
import { runTool } from './stage.ts'

/** Each soak is from a seed that is another each time. */
const anySeed = (below: number) => String(1 + (Date.now() % below))

const vitest = 'node_modules/vitest/vitest.mjs'

/** @param project vitest's */
const tests =
  (file: string, trials: number, project = 'faults') =>
  (name: string) => {
    const env = childEnvironment({ DAGBOK_TRIALS: String(trials), DAGBOK_SEED: anySeed(1e6) })
    console.log(`${name}: ${trials} trials from seed ${env['DAGBOK_SEED']}`)
    return runTool(vitest, ['run', '--project', project, file], { env })
  }

/** Trials that have no seed: the same tests again and again, until one fails. @param args of vitest */
const again =
  (args: readonly string[], times: number) =>
  async (name: string): Promise<number> => {
    for (let n = 1; n <= times; n++) {
      console.log(`${name}: ${n} of ${times}`)
      const code = await runTool(vitest, ['run', ...args], {
        env: childEnvironment({}),
      })
      if (code !== 0) return code
    }
    return 0
  }

/** @param program takes the first and the last seed */
const seeds = (program: string, count: number) => () => {
  const first = Number(anySeed(1e6))
  return runTool(program, [String(first), String(first + count - 1)])
}

const kubernetes = 'workers/executors/kubernetes/testing'

/** Its judge knows the rules of all these promises: what differs is how many trials each asks for. */
const fleet = 'e2e/faults/fleet.fault.test.ts'

/** Each gives its exit code. */
const soaks: Record<string, (name: string) => Promise<number>> = {
  R1: tests(fleet, 3000),
  R3: tests(fleet, 3000),
  R4: tests(fleet, 1000),
  R14: tests(fleet, 300),
  R17: tests(fleet, 1000),
  R5: seeds(`${kubernetes}/watch-seeds.ts`, 10_000),
  pods: seeds(`${kubernetes}/lives/life-seeds.ts`, 100_000),
  cluster: tests('workers/executors/kubernetes/struck-pods.cluster.test.ts', 500, 'cluster'),
  R7: again(['--project', 'faults', 'e2e/faults/hanging.fault.test.ts'], 50),
  R18: again(['--project', 'integration', '-t', String.raw`\[R18\]`], 20),
  R9: tests('e2e/faults/tick-kills.fault.test.ts', 300),
  R10: tests('e2e/faults/push-kills.fault.test.ts', 300),
  R12: tests('e2e/faults/versions-apart.fault.test.ts', 500),
  R13: tests('e2e/faults/store.fault.test.ts', 1000),
  bucket: tests('server/storage/stores/s3/s3-faults.int.test.ts', 1000, 'integration'),
  'bucket-fleet': tests('e2e/faults/store-s3.fault.test.ts', 300),
  R15: tests('e2e/faults/disk-full.fault.test.ts', 20),
  R19: tests('e2e/faults/rolling-upgrade.fault.test.ts', 120),
  'ten-thousand': tests('e2e/faults/ten-thousand.soak.test.ts', 1, 'soak'),
  simulation: () => runTool('workers/simulation/main.ts', ['--seeds', '100000', '--from', anySeed(1e9)]),
}

async function main(promises: string[]): Promise<number> {
  const known = Object.keys(soaks)
  if (promises.length === 0 || promises.some((name) => !known.includes(name))) {
    console.error(`usage: npm run soak -- PROMISE …   known: ${known.join(', ')}`)
    return 1
  }
  let failed = 0
  for (const name of promises) if ((await soaks[name]?.(name)) !== 0) failed++
  return failed > 0 ? 1 : 0
}

process.exitCode = await main(process.argv.slice(2))
