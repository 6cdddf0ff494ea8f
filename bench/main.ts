/** `npm run bench -- P8 [--quick] [--json FILE]`: workloads one after the other, with a calibration, tables, pairs and JSON. */
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { formatCalibration } from './harness/calibration.ts'
import { exitOnSignals } from './harness/ending.ts'
import { calibrateEmbedded } from './harness/postgres-floor.ts'
import { round, type Row } from './harness/statistics.ts'
import { formatAllPairs, formatTable } from './harness/table.ts'
import { parseBenchArguments, usage, type Asked } from './arguments.ts'
import { workloadOf, type Options, type Workload } from './workloads.ts'

/** JSON has no word for the time of a run that failed. */
const spelled = (_: string, value: unknown) => (value === Infinity ? 'infinite' : value)
const jsonOf = (all: object) => JSON.stringify(all, spelled, 2)

const loads = () => loadavg().map(round).join(', ')

/** Rows of every part. One that fails is a row with the reason: a figure of a run that was not right there is none. */
async function rowsOf({ parts }: Workload, options: Options): Promise<{ rows: Row[]; failed: number }> {
  const rows: Row[] = []
  let failed = 0
  for (const part of parts)
    try {
      rows.push(...(await part(options)))
    } catch (error) {
      console.error(error)
      failed++
      rows.push({ figure: `failed: ${String(error).split('\n')[0]}` })
    }
  return { rows, failed }
}

/** One workload, printed. */
async function measure(name: string, workload: Workload, options: Options) {
  console.log(`\n${name}: ${workload.what}`)
  const start = performance.now()
  const all = await rowsOf(workload, options)
  console.log(formatTable(all.rows))
  const pairs = formatAllPairs(all.rows)
  if (pairs !== '') console.log(`\n${pairs}`)
  console.log(`(${name}: ${Math.round((performance.now() - start) / 1000)} s, load ${loads()})`)
  return all
}

async function main({ names, json, ...options }: Asked): Promise<number> {
  const calibration = await calibrateEmbedded()
  console.log(`${formatCalibration(calibration)}, load ${loads()}`)
  const report: Record<string, Row[]> = {}
  let failures = 0
  for (const { name, workload } of names.flatMap((name) => workloadOf(name) ?? [])) {
    const { rows, failed } = await measure(name, workload, options)
    report[name] = rows
    failures += failed
    // After each: what comes later may be cut off.
    if (json !== null) await writeFile(json, `${jsonOf({ calibration, report })}\n`)
  }
  if (json === null) console.log(`\n${jsonOf({ calibration, report })}`)
  return failures === 0 ? 0 : 1
}

function asked(): Asked | null {
  try {
    return parseBenchArguments(process.argv.slice(2))
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n${usage}`)
    return null
  }
}

exitOnSignals()
const wanted = asked()
// Peers leave servers behind that cannot be closed.
process.exit(wanted === null ? 2 : await main(wanted))
