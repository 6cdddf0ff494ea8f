/** What can be measured, by name: how much of it in a whole run, and in a quick one. */
import {
  chainsBesideAirflow,
  fanBesideAirflow,
  manyBesideAirflow,
  shapesBesideAirflow,
  triggerBesideAirflow,
} from './beside-airflow.ts'
import { leftOut } from './harness/airflow/beside.ts'
import type { Row } from './harness/statistics.ts'
import { whileHeld } from './held.ts'
import { besideHistory } from './history.ts'
import { besideHostile } from './hostile.ts'
import { chains, threeSteps } from './p1-chain.ts'
import { coldStart } from './p14-cold-start.ts'
import { fanOut } from './p3-fan.ts'
import { tenThousand } from './p4-ten-thousand.ts'
import { triggerToCode } from './p5-trigger-to-code.ts'
import { wideAndDeep } from './p6-wide-and-deep.ts'
import { podsBesideArgo } from './p7-beside-argo.ts'
import { pods } from './p7-pods.ts'
import { podOverhead } from './pod-overhead.ts'
import { pushBesideAirflow } from './p8-beside-airflow.ts'
import { pushToRun } from './p8-push-to-run.ts'
import { hundredVersions } from './p9-hundred-versions.ts'
import { afterKill } from './resume.ts'
import { savedCompute } from './saved-compute.ts'

export interface Options {
  quick: boolean
  /** Instead of each workload's own number of pairs; null: its own. */
  pairs: number | null
  airflow: boolean
  /** How long a transaction is held open. */
  holdMinutes: number
}

export interface Workload {
  what: string
  /** What is measured one after the other: one that fails leaves the rows of the others. */
  parts: ((options: Options) => Promise<Row[]>)[]
}

/** Pairs of a quick run, and of a whole one. */
const rounds = ({ quick, pairs }: Options, few: number, many: number) => pairs ?? (quick ? few : many)

/** Rows beside Airflow, which is slow: few pairs. With `--quick` only as it comes, and not tuned. */
async function beside(
  options: Options,
  few: number,
  many: number,
  measure: (of: { rounds: number; configurations: string[] }) => Promise<Row[]>,
  configurations = ['defaults', 'tuned'],
): Promise<Row[]> {
  if (!options.airflow) return [leftOut('--no-airflow')]
  return measure({
    rounds: rounds(options, few, many),
    configurations: options.quick ? ['defaults'] : configurations,
  })
}

const chainLengths = ({ quick }: Options) => (quick ? [10] : [10, 40])

const figures: Record<string, Workload> = {
  P1: {
    what: 'chains of 10 and 40 tasks, beside DBOS, Restate, make and Airflow',
    parts: [
      (options) => chains({ rounds: rounds(options, 3, 10), lengths: chainLengths(options) }),
      (options) =>
        beside(options, 2, 5, (of) => chainsBesideAirflow({ ...of, lengths: chainLengths(options) })),
    ],
  },
  P2: {
    what: 'three steps, alone and 200 at once, beside DBOS and Restate',
    parts: [
      (options) =>
        threeSteps({
          samples: rounds(options, 10, 100),
          atOnce: options.quick ? 20 : 200,
          bursts: rounds(options, 2, 5),
        }),
    ],
  },
  P3: {
    what: '1 → 1,000 → 1 processes, beside make -j4 and bare spawns; 1 → 100 → 1 beside Airflow',
    parts: [
      (options) => fanOut({ rounds: rounds(options, 1, 5), width: options.quick ? 100 : 1000 }),
      (options) =>
        beside(options, 2, 5, (of) => fanBesideAirflow({ ...of, width: options.quick ? 20 : 100 })),
    ],
  },
  P4: {
    what: '100 DAGs × 10 runs × 10 tasks, beside a queue; 10 × 2 × 10 beside Airflow',
    parts: [
      (options) => {
        const size = options.quick ? { dags: 10, runs: 2 } : { dags: 100, runs: 10 }
        return tenThousand({ ...size, rounds: rounds(options, 1, 5) })
      },
      (options) => {
        const size = options.quick ? { dags: 2, runs: 2 } : { dags: 10, runs: 2 }
        return beside(options, 1, 5, (of) => manyBesideAirflow({ ...of, ...size }), ['defaults'])
      },
    ],
  },
  P5: {
    what: 'trigger → first byte of user code, beside a queue, a bare spawn and Airflow',
    parts: [
      (options) => triggerToCode({ samples: rounds(options, 20, 300), peer: true }),
      (options) => beside(options, 2, 20, triggerBesideAirflow),
    ],
  },
  P6: {
    what: 'what a task costs in a graph of 10,000, beside one of 100; in one of 1,000, 300 and 30 beside Airflow',
    parts: [
      (options) => wideAndDeep({ large: options.quick ? 500 : 10_000, rounds: rounds(options, 1, 3) }),
      (options) => {
        const sizes = options.quick
          ? { wide: 50, layered: 40, deep: 5 }
          : { wide: 1000, layered: 300, deep: 30 }
        return beside(options, 1, 3, (of) => shapesBesideAirflow({ ...of, ...sizes }), ['defaults'])
      },
    ],
  },
  P7: {
    what: '5,000 runs of one pod and 100 chains of 10 on a real API server without machines, beside a bare loop and Argo',
    parts: [
      (options) =>
        pods({
          single: options.quick ? 300 : 5000,
          chains: options.quick ? 10 : 100,
          rounds: rounds(options, 1, 5),
        }),
      (options) =>
        podsBesideArgo({
          single: options.quick ? 300 : 1000,
          chains: options.quick ? 10 : 30,
          rounds: rounds(options, 1, 3),
        }),
    ],
  },
  pod: {
    what: 'our pod beside a bare one of the same image on the same node: from its being there to the end of its code',
    parts: [(options) => podOverhead(rounds(options, 5, 50))],
  },
  P8: {
    what: 'push → listed → running, beside a bare push; and beside an Airflow that follows the repository',
    parts: [
      (options) =>
        pushToRun({ pairs: rounds(options, 5, 50), files: options.quick ? [1000] : [1000, 10_000] }),
      (options) => beside(options, 1, 5, (of) => pushBesideAirflow({ pairs: of.rounds, files: 1000 })),
    ],
  },
  P9: {
    what: 'a hundred versions live at once, and the files of one, beside git worktree add and git clone --shared',
    parts: [
      ({ quick }) => hundredVersions(quick ? { versions: 10, files: 100 } : { versions: 100, files: 1000 }),
    ],
  },
  P14: {
    what: 'cold start to a green example run, beside initdb + start and Airflow',
    parts: [
      (options) =>
        coldStart({
          pairs: rounds(options, 1, 5),
          idleSeconds: options.quick ? 10 : 60,
          airflow: options.airflow,
        }),
    ],
  },
  R18: {
    what: 'healthy runs beside hostile objects, and alone',
    parts: [(options) => besideHostile(options.quick ? 10 : 50)],
  },
}

const cutOf = ({ quick }: Options) => (quick ? { dags: 10, runs: 2 } : { dags: 20, runs: 5 })

const guards: Record<string, Workload> = {
  history: {
    what: 'a cut of P4 with 1,000,000 finished task runs in the database, beside an empty one',
    parts: [
      (options) =>
        besideHistory({
          cut: cutOf(options),
          rounds: rounds(options, 2, 5),
          history: options.quick ? 100_000 : 1_000_000,
        }),
    ],
  },
  held: {
    what: 'a cut of P4 while a transaction is held open (--hold MINUTES), beside none',
    parts: [
      (options) =>
        whileHeld({ cut: cutOf(options), rounds: rounds(options, 2, 5), minutes: options.holdMinutes }),
    ],
  },
  resume: {
    what: 'the scheduler killed in the middle of a cut of P4: time to the next task, nothing run twice',
    parts: [(options) => afterKill({ ...cutOf(options), rounds: rounds(options, 2, 5) })],
  },
  compute: {
    what: 'ten versions on one deployment, beside ten deployments of one version each: processor time and memory',
    parts: [
      (options) =>
        savedCompute({
          versions: options.quick ? 3 : 10,
          rounds: rounds(options, 1, 3),
          restSeconds: options.quick ? 10 : 60,
        }),
    ],
  },
}

export const workloads: ReadonlyMap<string, Workload> = new Map(Object.entries({ ...figures, ...guards }))

/** The workload of a name, however it is spelled. */
export function workloadOf(given: string): { name: string; workload: Workload } | null {
  for (const [name, workload] of workloads)
    if (name.toLowerCase() === given.toLowerCase()) return { name, workload }
  return null
}
