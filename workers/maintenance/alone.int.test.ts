import { expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { alone } from './alone.ts'

const { url } = testDatabase()

test('one collects at a time, and whoever comes later leaves it to that one', async () => {
  const [begun, end] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()]
  const first = alone(url(), () => {
    begun.resolve()
    return end.promise
  })
  await begun.promise
  expect(await alone(url(), () => Promise.resolve('second'))).toBeNull()
  end.resolve('first')
  expect(await first).toBe('first')
  expect(await alone(url(), () => Promise.resolve('third'))).toBe('third')
})
