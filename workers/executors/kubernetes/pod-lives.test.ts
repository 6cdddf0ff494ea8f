import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { missingPlaces } from '#workers/simulation/missing-places.ts'
import { lifeMutants } from './testing/lives/life-mutants.ts'
import { live } from './testing/lives/pod-lives.ts'

/** Replay one with `node workers/executors/kubernetes/testing/lives/life-seeds.ts SEED SEED`. */
test('[R1] [R2] [R17] two reconcilers that may stop anywhere: code starts once at most, each attempt ends as it did, and nothing is left (6,000 seeds)', () => {
  const told: string[] = []
  const ends = new Set<string>()
  let starts = 0
  for (let seed = 1; seed <= 6000; seed++) {
    const life = live(seed)
    starts += life.starts
    ends.add(life.end?.reason ?? life.end?.state ?? 'none')
    told.push(...life.broken.map((what) => `seed ${seed}: ${what}`))
  }
  expect(told).toEqual([])
  expect(starts).toBeGreaterThan(3000)
  expect([...ends].toSorted()).toEqual([
    'cancel_requested',
    'deleted_by_hand',
    'evicted',
    'infrastructure_unknown',
    'killed',
    'node_lost',
    'succeeded',
    'timeout',
    'user_error',
  ])
})

test('every mutant of the lives finds its places in the sources, each once', () => {
  expect(missingPlaces(lifeMutants)).toEqual([])
  expect(lifeMutants.length).toBeGreaterThan(10)
})

const program = join(import.meta.dirname, 'testing/lives/life-seeds.ts')

test.each(lifeMutants)('the lives catch it: $name', async ({ name }) => {
  const args = [program, '1', '6000', name]
  const outcome = await promisify(execFile)(process.execPath, args, { timeout: 50_000 }).catch(
    (error: unknown) => error as { code: number; stdout: string },
  )
  expect(outcome).toMatchObject({ code: 1, stdout: expect.stringMatching(/^seed \d+ breaks: /) as string })
})
