/** Logs that a real kubelet rotates while they are written, with somebody who reads them, and with nobody for a while. */
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { restartDaemon, stopDaemon } from '#k8s/test-cluster/daemons.ts'
import { nodeName, state } from '#k8s/test-cluster/settings.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { kubernetesCrew, podBarrier, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })

const node = join(state, nodeName(2))
const config = join(node, 'kubelet.json')
let before: string
/** The kubelet of the second node, with settings of its own. */
async function kubeletWith(text: string): Promise<void> {
  await stopDaemon('kubelet2')
  await writeFile(config, text)
  await restartDaemon('kubelet2')
}

beforeAll(async () => {
  before = await readFile(config, 'utf8')
  const often = { containerLogMaxSize: '100Ki', containerLogMaxFiles: 2, containerLogMonitorInterval: '3s' }
  await kubeletWith(JSON.stringify({ ...(JSON.parse(before) as object), ...often }))
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place)))
})
afterAll(async () => {
  await shop.close()
  await kubeletWith(before)
})
afterEach(() => crew.nothingLeft())

/** Times at which files of the only pod's log were put aside, as they are named after them. */
const seen = new Set<string>()
async function rotations(): Promise<number> {
  const [folder = ''] = (await readdir(join(node, 'log'))).filter((name) => name.startsWith(crew.namespace))
  for (const name of await readdir(join(node, 'log', folder, 'main')).catch(() => []))
    if (/^0\.log\.\d/.test(name)) seen.add(name.slice(0, '0.log.20060102-150405'.length))
  return seen.size
}
async function rotated(often: number): Promise<void> {
  const enough = (await rotations()) + often
  await until(`its log was rotated ${often} times`, async () => ((await rotations()) >= enough ? true : null))
}

/** Writes until it may leave off: a hundred lines, and a while of nothing. */
const writing = (say: string, wait: string) => `${say}
(${wait}; touch "$TMPDIR/enough") &
n=0
while [ ! -e "$TMPDIR/enough" ]; do
  for i in {1..100}; do n=$((n + 1)); echo "$n ${'and so on '.repeat(10)}"; done
  sleep 0.1
done
echo "$n lines"`

const hole = '[lines may be missing here: the log was rotated before it was read on]'

/** Lines that are missing where no hole is told, lines that come again, and how many holes are told. */
function faultsOf(log: string): { missing: number; again: number; holes: number; isWhole: boolean } {
  const lines = log.trimEnd().split('\n')
  const end = lines.pop() ?? ''
  let [last, missing, again, holes] = [0, 0, 0, 0]
  let isHole = false
  for (const line of lines) {
    if (line === hole) {
      holes++
      isHole = true
      continue
    }
    const n = Number(line.split(' ')[0])
    if (n <= last) again++
    else if (n > last + 1 && !isHole) missing += n - last - 1
    last = Math.max(n, last)
    isHole = false
  }
  return { missing, again, holes, isWhole: end === `${last} lines` }
}

/** A task that writes and is under way on the node whose kubelet rotates. */
async function written(dag: string) {
  const { wait, open } = await podBarrier()
  const { say, counts } = await podStarts()
  const pinned = `id: writes\nnode_selector: {kubernetes.io/hostname: ${nodeName(2)}}`
  await trial.push(dag, [cell(pinned, 'bash', writing(say, wait))])
  const { run } = await trial.spoken(dag)
  const end = async () => {
    await open()
    const { state: how } = await shop.ended(dag, 1)
    return { state: how, begins: [...counts.values()], ...faultsOf(await shop.log(run, 'writes')) }
  }
  return { end }
}

const well = { state: 'succeeded', begins: [1], missing: 0, again: 0, isWhole: true }

test('[R8] a log that is rotated while it is read has each of its lines, once', async () => {
  const { end } = await written('read')
  await rotated(5)
  expect(await end()).toEqual({ ...well, holes: 0 })
})

test('[R8] of a log that is rotated while nobody reads it, what its kubelet has is read once, and the hole is told', async () => {
  const { end } = await written('unread')
  await rotated(1)
  await crew.crash(() => rotated(3))
  await rotated(2)
  expect(await end()).toEqual({ ...well, holes: 1 })
})

test('[R8] of a log that is rotated while the product is restarted again and again, no line comes twice, and no hole is untold', async () => {
  const { end } = await written('restarted')
  for (let n = 0; n < 4; n++) {
    await rotated(1)
    await crew.crash()
  }
  await rotated(1)
  expect(await end()).toMatchObject(well)
})
