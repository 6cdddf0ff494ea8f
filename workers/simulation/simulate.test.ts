import { expect, test } from 'vitest'
import { tell } from './history.ts'
import { simulate } from './simulate.ts'

test('a seed has one history, whatever was simulated before it and however busy the machine is', async () => {
  const historyOf = async (seed: number) => tell((await simulate(seed)).entries)
  const first = await historyOf(11)
  expect(first.length).toBeGreaterThan(100)
  await historyOf(12)
  expect(await historyOf(11)).toEqual(first)
})
