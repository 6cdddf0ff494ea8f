import { expect, test } from 'vitest'
import { missingPlaces } from '#workers/simulation/missing-places.ts'
import { faultMutants } from '../../e2e/faults/mutants.ts'

test('every mutant of the fault tests finds its places in the sources, each once', () => {
  expect(missingPlaces(faultMutants)).toEqual([])
  expect(faultMutants.length).toBeGreaterThan(5)
})
