/** `npm run bench -- P8 [--quick] [--json FILE]`: one workload, its calibration, a table and JSON. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { calibrateEmbedded } from './harness/postgres-floor.ts'
import { formatCalibration } from './harness/calibration.ts'
import { exitOnSignals } from './harness/ending.ts'
import { formatTable, type Row } from './harness/statistics.ts'
import { chainsBesideAirflow, fanBesideAirflow, triggerBesideAirflow } from './beside-airflow.ts'
import { chains, threeSteps } from './p1-chain.ts'
import { fanOut } from './p3-fan.ts'
import { tenThousand } from './p4-ten-thousand.ts'
import { wideAndDeep } from './p6-wide-and-deep.ts'
import { coldStart } from './p14-cold-start.ts'
import { pushToRun } from './p8-push-to-run.ts'
import { hundredVersions } from './p9-hundred-versions.ts'
import { triggerToCode } from './p5-trigger-to-code.ts'

interface Workload {
  what: string
  run: (quick: boolean) => Promise<Row[]>
}

/** It is slow: few pairs, and with `--quick` only as it comes. */
const airflow = (quick: boolean, rounds = 5) =>
  quick ? { rounds: 2, configurations: ['defaults'] } : { rounds, configurations: ['defaults', 'tuned'] }

const workloads: Record<string, Workload> = {
  P1: {
    what: 'chains of 10 and 40 tasks, beside DBOS, Restate, make and Airflow',
    run: async (quick) => {
      const lengths = quick ? [10] : [10, 40]
      return [
        ...(await chains({ rounds: quick ? 3 : 10, lengths })),
        ...(await chainsBesideAirflow({ ...airflow(quick), lengths })),
      ]
    },
  },
  P2: {
    what: 'three steps, alone and 200 at once, beside DBOS and Restate',
    run: (quick) => threeSteps(quick ? { samples: 10, atOnce: 20 } : { samples: 100, atOnce: 200 }),
  },
  P3: {
    what: '1 → 1,000 → 1 processes, beside make -j4 and bare spawns; 1 → 100 → 1 beside Airflow',
    run: async (quick) => [
      ...(await fanOut(quick ? { rounds: 1, width: 100 } : { rounds: 5, width: 1000 })),
      ...(await fanBesideAirflow({ ...airflow(quick), width: quick ? 20 : 100 })),
    ],
  },
  P4: {
    what: '100 DAGs × 10 runs × 10 tasks, beside a queue',
    run: (quick) =>
      tenThousand(quick ? { dags: 10, runs: 2, rounds: 1 } : { dags: 100, runs: 10, rounds: 3 }),
  },
  P6: {
    what: 'what a task costs in a graph of 10,000, beside one of 100',
    run: (quick) => wideAndDeep(quick ? { large: 500, rounds: 1 } : { large: 10_000, rounds: 3 }),
  },
  P5: {
    what: 'trigger → first byte of user code, beside a queue, a bare spawn and Airflow',
    run: async (quick) => [
      ...(await triggerToCode({ samples: quick ? 20 : 300, peer: true })),
      ...(await triggerBesideAirflow(airflow(quick, 20))),
    ],
  },
  P8: {
    what: 'push → listed → running, beside a bare push',
    run: (quick) => pushToRun(quick ? { pairs: 5, files: [1000] } : { pairs: 50, files: [1000, 10_000] }),
  },
  P9: {
    what: 'a hundred versions live at once, and the files of one, beside git worktree add and git clone --shared',
    run: (quick) => hundredVersions(quick ? { versions: 10, files: 100 } : { versions: 100, files: 1000 }),
  },
  P14: {
    what: 'cold start to a green example run, beside initdb + start',
    run: (quick) => coldStart(quick ? { pairs: 1, idleSeconds: 10 } : { pairs: 5, idleSeconds: 60 }),
  },
}

async function main(): Promise<number> {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { quick: { type: 'boolean', default: false }, json: { type: 'string' } },
  })
  const chosen = positionals.map((name) => [name, workloads[name.toUpperCase()]] as const)
  const unknown = chosen.find(([, workload]) => workload === undefined)
  if (chosen.length === 0 || unknown !== undefined) {
    if (unknown !== undefined) console.error(`there is no workload '${unknown[0]}'`)
    console.error(
      [
        'usage: npm run bench -- NAME … [--quick] [--json FILE]',
        ...Object.entries(workloads).map(([name, w]) => `  ${name.padEnd(4)} ${w.what}`),
      ].join('\n'),
    )
    return 2
  }
  const calibration = await calibrateEmbedded()
  console.log(formatCalibration(calibration))
  const report: Record<string, Row[]> = {}
  for (const [name, workload] of chosen) {
    if (workload === undefined) continue
    console.log(`\n${name}: ${workload.what}`)
    const rows = await workload.run(values.quick)
    report[name] = rows
    console.log(formatTable(rows))
  }
  const json = JSON.stringify({ calibration, report }, null, 2)
  if (values.json === undefined) console.log(`\n${json}`)
  else await writeFile(values.json, `${json}\n`)
  return 0
}

exitOnSignals()
// Peers leave servers behind that cannot be closed.
process.exit(await main())
