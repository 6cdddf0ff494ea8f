import { expect, test } from 'vitest'
import { missingPlaces } from './missing-places.ts'
import { mutants } from './mutants.ts'

test('every mutant finds its places in the sources, each once', () => {
  expect(missingPlaces(mutants)).toEqual([])
  expect(mutants.length).toBeGreaterThan(15)
})
