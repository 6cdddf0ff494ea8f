/** `npm run bench -- P8 [--quick] [--json FILE]`: workloads one after the other, with a calibration, tables, pairs and JSON. */
import { writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { formatCalibration } from './harness/calibration.ts'
import { exitOnSignals } from './harness/ending.ts'
import { calibrateEmbedded } from './harness/postgres-floor.ts'
import { round, type Row } from './harness/statistics.ts'
import { formatAllPairs, formatTable } from './harness/table.ts'
import { parseBenchArguments, usage, type Asked } from './arguments.ts'
import { workloadOf, type Options } from './workloads.ts'

const loads = () => loadavg().map(round).join(', ')

/** One workload, printed. @returns what the JSON has of it: its rows, or why there are none */
async function measure(name: string, options: Options): Promise<Row[] | { failed: string }> {
  const found = workloadOf(name)
  if (found === null) return []
  const [known, workload] = found
  console.log(`\n${known}: ${workload.what}`)
  const start = performance.now()
  try {
    const rows = await workload.run(options)
    console.log(formatTable(rows))
    const pairs = formatAllPairs(rows)
    if (pairs !== '') console.log(`\n${pairs}`)
    return rows
  } catch (error) {
    // The others can still be measured; a figure of a run that was not right there is none.
    console.error(error)
    return { failed: String(error) }
  } finally {
    console.log(`(${known}: ${Math.round((performance.now() - start) / 1000)} s, load ${loads()})`)
  }
}

async function main(asked: Asked): Promise<number> {
  const calibration = await calibrateEmbedded()
  console.log(`${formatCalibration(calibration)}, load ${loads()}`)
  const report: Record<string, Row[] | { failed: string }> = {}
  for (const name of asked.names) {
    report[name] = await measure(name, asked)
    // After each: what comes later may be cut off.
    if (asked.json !== null)
      await writeFile(asked.json, `${JSON.stringify({ calibration, report }, null, 2)}\n`)
  }
  if (asked.json === null) console.log(`\n${JSON.stringify({ calibration, report }, null, 2)}`)
  return Object.values(report).every(Array.isArray) ? 0 : 1
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
