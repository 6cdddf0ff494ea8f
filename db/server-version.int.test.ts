import { expect, test } from 'vitest'
import { checkServerVersion, checkVersionNumber } from './server-version.ts'
import { testDatabase } from './testing/test-database.ts'

const { url } = testDatabase()

test.each([150_018, 190_000, 90_600])('Postgres %i is refused, with what to do', (number) => {
  expect(() => checkVersionNumber(number)).toThrow(/works with 16 to 18/)
})

test.each([160_000, 170_002, 180_004])('Postgres %i is taken', (number) =>
  expect(() => checkVersionNumber(number)).not.toThrow(),
)

test('the server is asked itself, and one that does not answer is said to be so', async () => {
  await expect(checkServerVersion(url())).resolves.toBeUndefined()
  const wrong = new URL(url())
  wrong.pathname = '/there_is_no_such_database'
  await expect(checkServerVersion(wrong.href)).rejects.toThrow('does not answer')
})
