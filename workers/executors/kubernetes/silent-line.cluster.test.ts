/**
 * What lies between the product and a real API server fails: watches that stay open and say nothing, logs that end before their code does,
 * a server that wants to be left alone.
 */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { restrictedAccount } from '#k8s/chart/testing/restricted-account.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { Random } from '#workers/simulation/random.ts'
import { kubernetesCrew, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { ClusterLine } from './testing/cluster-line.ts'
import { OnlyPlace } from './testing/only-place.ts'
import { underWay, whole } from './testing/two-tasks.ts'
import { wireOf } from './wire.ts'

const { database } = testDatabase()
const account = `dagbok-${randomBytes(4).toString('hex')}`
const rules = [
  {
    apiGroups: [''],
    resources: ['pods', 'pods/log', 'events', 'configmaps'],
    verbs: ['create', 'get', 'list', 'watch', 'patch', 'delete'],
  },
]
let folder: string
let given: Awaited<ReturnType<typeof restrictedAccount>>
let line: ClusterLine
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-line-'))
  // Whoever is an administrator is never asked to wait.
  given = await restrictedAccount(account, join(folder, 'account'))
  line = new ClusterLine(join(folder, 'account'))
  await line.open(join(folder, 'line'))
  const more = { kubeconfig: join(folder, 'line') }
  shop = await openWorkshop(database(), async (place) => {
    crew = await kubernetesCrew(place, more)
    await given.allow(crew.namespace, rules)
    return crew
  })
})
afterAll(async () => {
  await shop.close()
  await line.close()
  await given.remove()
  await rm(folder, { recursive: true, force: true })
})
afterEach(() => crew.nothingLeft())

/** Resolves when it is noticed that the first task of a run has ended, with how. */
const firstEnded = (run: string) =>
  shop.until(async () => {
    const [row] = await database().client<{ state: string }[]>`
      select a.state from attempt a join task_run t on t.id = a.task_run_id
      where a.run_id = ${run} and t.task = 'hold' and a.ended_at is not null`
    return row?.state ?? null
  })

test('[R5] a watch that stays open and says nothing is taken for dead, and another one tells what it did not', async () => {
  const { run, open, end } = await underWay(trial, 'silent')
  const { lists, watches } = line
  expect(line.silence()).toBe(1)
  await open()
  expect(await firstEnded(run)).toBe('succeeded')
  expect(line.watches).toBeGreaterThan(watches)
  expect(line.lists - lists).toBeLessThanOrEqual(1)
  expect(await end()).toEqual(whole)
})

test('[R5] where every watch says nothing, the next list tells, and there is one within a minute', async () => {
  const { run, open, end } = await underWay(trial, 'all-silent')
  line.silentFromNow = true
  onTestFinished(() => {
    line.silentFromNow = false
    line.silence()
  })
  line.silence()
  const { lists } = line
  await open()
  expect(await firstEnded(run)).toBe('succeeded')
  // Its end came before or after the first of them.
  expect(line.lists - lists).toBeGreaterThanOrEqual(1)
  expect(line.lists - lists).toBeLessThanOrEqual(2)
  line.silentFromNow = false
  expect(await end()).toEqual(whole)
})

test('[R1] [R5] an API server that answers 429 to everything for a while is asked again when it says so, and nothing is lost', async () => {
  const { open, end } = await underWay(trial, 'shut-out')
  const place = new OnlyPlace({
    account,
    wire: wireOf(line.login),
    namespace: crew.namespace,
    machine: inject('machine'),
    folder,
  })
  onTestFinished(() => place.free())
  await place.take()
  const { refused } = line
  // Its watch is gone, too, and is asked for anew.
  line.silence()
  await open()
  await trial.push('meanwhile', [cell('id: a', 'bash', 'echo well')])
  await until('it was refused', () => Promise.resolve(line.refused - refused >= 5 ? true : null), 120_000)
  await place.free()
  expect(await end()).toEqual(whole)
  expect(await shop.ended('meanwhile', 1)).toMatchObject({ state: 'succeeded' })
})

test('[R1] [R5] of a server that answers 429 to every other call, at random, nothing is lost, begun twice or left', async () => {
  const random = new Random(7)
  let refused = 0
  line.instead = (_request, response) => {
    if (!random.chance(0.5)) return false
    refused++
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '1' })
    response.end(JSON.stringify({ kind: 'Status', code: 429, reason: 'TooManyRequests', message: 'not now' }))
    return true
  }
  const calm = () => void (line.instead = () => false)
  onTestFinished(calm)
  const { open, end } = await underWay(trial, 'storm')
  await open()
  expect(await end()).toEqual(whole)
  calm()
  expect(refused).toBeGreaterThan(10)
})

test('[R8] of a log whose stream ends in order, time and again, while its code still writes, each line is there, once', async () => {
  line.logBytes = 1000
  onTestFinished(() => void (line.logBytes = null))
  const said = Array.from({ length: 60 }, (_, i) => `line ${i + 1}, and so on`)
  const says = 'for i in $(seq 60); do echo "line $i, and so on"; sleep 0.2; done'
  const { id, state } = await trial.run('cut-log', [cell('id: a', 'bash', says)])
  expect([state, await shop.log(id, 'a')]).toEqual(['succeeded', `${said.join('\n')}\n`])
  expect(line.cutLogs).toBeGreaterThanOrEqual(3)
})
