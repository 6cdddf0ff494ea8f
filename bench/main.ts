/** `npm run bench -- P8 [--quick] [--json FILE]`: one workload, its calibration, a table and JSON. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { calibrateEmbedded } from './harness/postgres-floor.ts'
import { formatCalibration } from './harness/calibration.ts'
import { formatTable, type Row } from './harness/statistics.ts'
import { coldStart } from './p14-cold-start.ts'
import { pushToRun } from './p8-push-to-run.ts'
import { triggerToCode } from './p5-trigger-to-code.ts'

interface Workload {
  what: string
  run: (quick: boolean) => Promise<Row[]>
}

const workloads: Record<string, Workload> = {
  P5: {
    what: 'trigger → first byte of user code, beside a queue and a bare spawn',
    run: (quick) => triggerToCode({ samples: quick ? 20 : 300, peer: true }),
  },
  P8: {
    what: 'push → listed → running, beside a bare push',
    run: (quick) => pushToRun(quick ? { pairs: 5, files: [1000] } : { pairs: 50, files: [1000, 10_000] }),
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

process.exitCode = await main()
