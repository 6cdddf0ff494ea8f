import { expect, test } from 'vitest'
import { simulationOptions } from './arguments.ts'

test('seeds are whole numbers, and what is unknown is named', () => {
  expect(simulationOptions(['--seeds', '300', '--mutants'])).toMatchObject({
    seed: null,
    seeds: 300,
    from: 1,
    mutants: true,
  })
  expect(simulationOptions(['--seed', '7'])).toMatchObject({ seed: 7, seeds: null })
  expect(simulationOptions(['--help'])).toBeNull()
  expect(() => simulationOptions(['--seeds', 'many'])).toThrow("--seeds takes a whole number, not 'many'")
  expect(() => simulationOptions(['--nonsense'])).toThrow('--nonsense')
})
