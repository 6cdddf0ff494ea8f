/**
 * P14: an empty data folder → one command → database made, server up → an example DAG green; then the same folder
 * started again. The floor is `initdb` and a start of the same Postgres; they take turns. Then memory and CPU while
 * nothing is done. The packages and the build are there before: how long those take is the network's and Next's. The peer
 * is Airflow, installed before as well, whose first run has one task only.
 */
import { leftOut } from './harness/airflow/beside.ts'
import { startColdAirflow, type ColdAirflow } from './harness/airflow/cold-start.ts'
import { startEmbeddedFloor } from './harness/postgres-floor.ts'
import { keptFolder, startProduct, type Product } from './harness/product.ts'
import { atRest, descendants, type Rest } from './harness/processes.ts'
import { Progress } from './harness/progress.ts'
import { isOver, newestRuns } from './harness/runs.ts'
import { compare, median, round, type Row } from './harness/statistics.ts'

/** More than a start makes. */
const most = 50
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Runs of the example; none while it is not pushed yet. */
const runsOf = (product: Product) => newestRuns(product, 'examples', 'iris', most).catch(() => [])

/** ms after the ready line. @throws when the run fails */
async function untilGreen(product: Product): Promise<number> {
  const start = performance.now()
  for (;;) {
    const runs = await runsOf(product)
    if (runs.some((run) => run.state === 'failed')) throw new Error('the example run failed')
    if (runs.some((run) => run.state === 'succeeded')) return performance.now() - start
    await pause(50)
  }
}

async function untilQuiet(product: Product): Promise<void> {
  for (;;) {
    const { dags } = (await product.api('/dags')) as { dags: { ref: { dag: string } }[] }
    const runs = await Promise.all(dags.map(({ ref }) => newestRuns(product, 'examples', ref.dag, most)))
    if (product.output().includes('examples') && runs.flat().every(isOver)) return
    await pause(200)
  }
}

interface Starts {
  floor: number
  ready: number
  green: number
  again: number
  /** Of one start, after the second start of its folder. */
  idle: Rest | null
  /** Why there are no figures, where there are none. */
  airflow: ColdAirflow | string
}

async function ourStart(idleSeconds: number): Promise<Omit<Starts, 'floor' | 'airflow'>> {
  const folder = await keptFolder()
  try {
    const first = await startProduct({ seed: true, folder: folder.path })
    let green = first.startMs
    try {
      green += await untilGreen(first)
      await untilQuiet(first)
    } finally {
      await first.stop()
    }
    const second = await startProduct({ seed: true, folder: folder.path })
    try {
      const idle = idleSeconds > 0 ? await atRest(await descendants(second.pid), idleSeconds) : null
      return { ready: first.startMs, green, again: second.startMs, idle }
    } finally {
      await second.stop()
    }
  } finally {
    await folder.remove()
  }
}

/** Memory and processor time of the last start, which alone was watched; beside Airflow's. */
function restRows(name: string, own: Rest, peer: Rest | null): Row[] {
  const row = (figure: string, value: number, other: number | null): Row => ({
    figure: `${name}${figure}`,
    median: round(value),
    ...(other === null ? {} : compare([value], { Airflow: [other] })),
  })
  const megabytes = (rest: Rest) => rest.bytes / 1e6
  return [
    row(`idle memory, PSS of ${own.processes} processes (MB)`, megabytes(own), peer && megabytes(peer)),
    row('idle CPU (% of a core)', own.cores * 100, peer && peer.cores * 100),
  ]
}

const airflowOf = ({ airflow }: Starts): ColdAirflow | null => (typeof airflow === 'string' ? null : airflow)

/** Of every start, or the reason why there are none. */
function airflowRows(starts: Starts[], floor: number[]): Row[] {
  const reason = starts.map(({ airflow }) => airflow).find((airflow) => typeof airflow === 'string')
  if (reason !== undefined) return [leftOut(reason)]
  const there = starts.flatMap((start) => airflowOf(start) ?? [])
  const row = (figure: string, key: 'ready' | 'green'): Row => {
    const values = there.map((airflow) => airflow[key])
    return { figure, median: round(median(values)), ...compare(values, { floor }) }
  }
  return [
    row('Airflow: initdb → ready (ms)', 'ready'),
    row('Airflow: initdb → run of one task green (ms)', 'green'),
    ...there.flatMap(({ idle }) => (idle === null ? [] : restRows('Airflow: ', idle, null))),
  ]
}

function rowsOf(starts: Starts[]): Row[] {
  const floor = starts.map((start) => start.floor)
  const row = (figure: string, key: 'floor' | 'ready' | 'green' | 'again'): Row => {
    const values = key === 'floor' ? floor : starts.map((start) => start[key])
    const peer = starts.flatMap((start) =>
      key === 'ready' || key === 'green' ? (airflowOf(start)?.[key] ?? []) : [],
    )
    const all = peer.length === values.length ? { floor, Airflow: peer } : { floor }
    return { figure, median: round(median(values)), ...compare(values, all) }
  }
  return [
    row('floor: initdb + start (ms)', 'floor'),
    row('first start: command → ready (ms)', 'ready'),
    row('first start: command → example run green (ms)', 'green'),
    row('second start: command → ready (ms)', 'again'),
    ...starts.flatMap((start) =>
      start.idle === null ? [] : restRows('', start.idle, airflowOf(start)?.idle ?? null),
    ),
    ...airflowRows(starts, floor),
  ]
}

/**
 * @param options `pairs` cold starts: the floor, ours and Airflow in turn; `airflow: false` leaves that one out
 * @returns rows of the table. Every example run is checked.
 */
export async function coldStart(options: {
  pairs: number
  idleSeconds: number
  airflow: boolean
}): Promise<Row[]> {
  const starts: Starts[] = []
  const progress = new Progress('cold start', options.pairs)
  for (let i = 0; i < options.pairs; i++) {
    const seconds = i === options.pairs - 1 ? options.idleSeconds : 0
    const floor = await startEmbeddedFloor()
    const ours = await ourStart(seconds)
    const airflow = options.airflow ? await startColdAirflow(seconds).catch(String) : 'it was not asked for'
    starts.push({ floor, ...ours, airflow })
    progress.step()
  }
  progress.end()
  return rowsOf(starts)
}
