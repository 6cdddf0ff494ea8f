/** A sidecar that hangs when the code has ended, on a real cluster: it is not waited for without end. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { kubernetesCrew, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { attemptHeader } from '../pool/protocol.ts'
import { hangAgent } from './testing/agent-processes.ts'
import { begins } from './testing/two-tasks.ts'

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })

/** The first attempt whose code has ended: its sidecar asks where to bring what that has left, and has no answer. */
const { promise: held, resolve } = Promise.withResolvers<string>()
let first = ''
function instead(request: IncomingMessage, _response: ServerResponse): boolean {
  if (request.url !== '/api/worker/attempt/results') return false
  const attempt = String(request.headers[attemptHeader])
  first ||= attempt
  resolve(first)
  return attempt === first
}

beforeAll(async () => {
  shop = await openWorkshop(
    database(),
    async (place) => (crew = await kubernetesCrew(place, {}, { instead, collectMs: 15_000 })),
  )
})
afterAll(() => shop.close())
afterEach(() => crew.nothingLeft())

/** A kubelet that has told a sidecar to end waits for its pod's own grace, whatever it is told meanwhile. */
const grace = 'pod: {spec: {terminationGracePeriodSeconds: 60}}'

test('[R5] a sidecar that hangs after main is ended when its time is over: it costs an attempt, and none of the retries', async () => {
  const { say, counts } = await podStarts()
  const script = `${say}; echo well; echo made > "$DAGBOK_OUT/x.txt"`
  await trial.push('hung', [cell(`id: a\nretries: 0\noutputs: {x: x.txt}\n${grace}`, 'bash', script)])
  await hangAgent(await held, 'outputs')
  const { id, state } = await shop.ended('hung', 1)
  expect(state).toBe('succeeded')
  expect(await trial.attempts(id)).toMatchObject([
    {
      n: 1,
      state: 'failed',
      reason: 'storage',
      message: 'It ended, but what it left was not collected within 15 s.',
      started: true,
      userFailures: 0,
    },
    { n: 2, state: 'succeeded', infrastructureFailures: 1 },
  ])
  const outputs = await database().client`
    select a.n, o.name from output o join attempt a on a.id = o.attempt_id where a.run_id = ${id}`
  expect(outputs).toEqual([{ n: 2, name: 'x' }])
  expect([await shop.log(id, 'a', 1), await shop.log(id, 'a', 2)]).toEqual(['well\n', 'well\n'])
  expect(await begins(trial, id, counts)).toEqual({ 'a 1': 1, 'a 2': 1 })
})
