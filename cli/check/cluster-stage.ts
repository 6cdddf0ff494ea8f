/** The tests on a real Kubernetes cluster as a stage: made for them where the machine can have one. */
import { glob } from 'node:fs/promises'
import { totalmem } from 'node:os'
import { childEnvironment } from '#server/config/environment.ts'
import { missing } from '#k8s/test-cluster/requirements.ts'
import { root, type Tally } from './stage.ts'
import { runVitest } from './vitest-stage.ts'

/** What keeps them from being run here, as a tally; null when nothing does. */
async function noCluster(): Promise<Tally | null> {
  const reasons = await missing()
  if (reasons.length === 0) return null
  const reason = `the tests on a cluster are skipped: ${reasons.join('; ')}`
  return { passed: 0, failed: 0, skipped: 1, failures: [], reasons: [reason] }
}

/** Bytes of memory for two clusters, and for the tests beside them. */
const forTwo = 12 * 2 ** 30

/** What looks at the whole machine, and what all others need to have been made. */
const isFirst = (file: string) =>
  file.startsWith('k8s/test-cluster/') || file === 'k8s/chart/values.cluster.test.ts'

const run = (files: readonly string[], cluster: number): Promise<Tally> =>
  runVitest(['--project', 'cluster', ...files], {
    env: childEnvironment({ DAGBOK_TEST_CLUSTER: String(cluster) }),
  })

const together = (all: readonly Tally[]): Tally => {
  const sum = (of: (one: Tally) => number) => all.reduce((total, one) => total + of(one), 0)
  return {
    passed: sum(({ passed }) => passed),
    failed: sum(({ failed }) => failed),
    skipped: sum(({ skipped }) => skipped),
    failures: all.flatMap(({ failures }) => failures),
    reasons: all.flatMap(({ reasons = [] }) => reasons),
  }
}

/** @throws what it ended with, where that is no tally */
function endOf(end: PromiseSettledResult<Tally>): Tally {
  if (end.status === 'rejected') throw end.reason
  return end.value
}

/**
 * Most of them wait for kubelets most of the time: where there is room, half of them has a cluster of its own.
 * @throws Error when one ends without a report
 */
async function onClusters(): Promise<Tally> {
  const files: string[] = []
  const exclude = (name: string) => name === 'node_modules'
  for await (const file of glob('**/*.cluster.test.ts', { cwd: root, exclude })) files.push(file)
  files.sort()
  const first = await run(files.filter(isFirst), 0)
  const rest = files.filter((file) => !isFirst(file))
  if (totalmem() < forTwo) return together([first, await run(rest, 0)])
  const halves = [0, 1].map((half) => rest.filter((_, at) => at % 2 === half))
  // The next stage begins when both are over, also where one of them had no report.
  const ends = await Promise.allSettled(halves.map(run))
  return together([first, ...ends.map(endOf)])
}

export const clusterStage = async (): Promise<Tally> => (await noCluster()) ?? onClusters()

/** For who does not ask for all: whether they could be run here. */
export const clusterReason = async (): Promise<Tally> =>
  (await noCluster()) ?? {
    passed: 0,
    failed: 0,
    skipped: 1,
    failures: [],
    reasons: [
      'the tests on a cluster are part of `npm test -- --all`: the first time, Kubernetes is built for them',
    ],
  }
