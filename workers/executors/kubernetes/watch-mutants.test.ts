import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { missingPlaces } from '#workers/simulation/missing-places.ts'
import { watchMutants } from './testing/watch-mutants.ts'

test('every mutant of the watch finds its places in the sources, each once', () => {
  expect(missingPlaces(watchMutants)).toEqual([])
  expect(watchMutants.length).toBeGreaterThan(7)
})

const program = join(import.meta.dirname, 'testing/watch-seeds.ts')

test.each(watchMutants)('[R5] the trials catch it: $name', async ({ name }) => {
  const args = [program, '1', '200', name]
  const outcome = await promisify(execFile)(process.execPath, args, { timeout: 50_000 }).catch(
    (error: unknown) => error as { code: number; stdout: string },
  )
  expect(outcome).toMatchObject({ code: 1, stdout: expect.stringMatching(/^seed \d+ breaks: /) as string })
})
