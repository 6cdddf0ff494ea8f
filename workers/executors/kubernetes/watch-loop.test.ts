import { afterAll, beforeAll, expect, test } from 'vitest'
import { WatchTrials } from './testing/watch-trial.ts'

const trials = new WatchTrials()
beforeAll(() => trials.open())
afterAll(() => trials.close())

/** Replay one with `node workers/executors/kubernetes/testing/watch-seeds.ts SEED SEED`. */
test.each([1, 501, 1001])(
  '[R5] whatever a watch loses, repeats, delays or invents, and however it breaks, the view is what is there (500 seeds from %d)',
  async (first) => {
    const told: string[] = []
    let [changes, watches] = [0, 0]
    const worst = new Set<string>()
    for (let seed = first; seed < first + 500; seed++) {
      const trial = await trials.run(seed)
      changes += trial.changes
      watches += trial.watches
      worst.add(trial.plan.isOff ? 'off' : trial.plan.worst)
      told.push(...trial.broken.map((what) => `seed ${seed}: ${what}`))
    }
    expect(told).toEqual([])
    expect([...worst].toSorted()).toEqual(['breaks', 'lies', 'off', 'silences'])
    expect(changes).toBeGreaterThan(10_000)
    expect(watches).toBeGreaterThan(2500)
  },
)
