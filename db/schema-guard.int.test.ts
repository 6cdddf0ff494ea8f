import { expect, test, vi } from 'vitest'
import { requireSchema } from './schema-version.ts'
import { holdToSchema, refusedCode, watchSchema } from './schema-guard.ts'
import { testDatabase } from './testing/test-database.ts'

const { database } = testDatabase()

test('[R19] a process that works while a newer build takes the database over ends for good, with a sentence', async () => {
  const said = vi.spyOn(console, 'error').mockImplementation(() => {})
  const sql = database().client
  const end = vi.fn()
  await holdToSchema(sql, () => {})
  watchSchema(sql, end, 20)
  await sql`insert into drizzle.__drizzle_migrations (hash, created_at) values ('of a later build', 9999999999999)`
  await requireSchema(sql)
  expect(end).not.toHaveBeenCalled()
  await sql`update drizzle.oldest_build set at = 9999999999999`
  await expect.poll(() => end.mock.calls, { timeout: 60_000 }).toEqual([[refusedCode]])
  expect(said).toHaveBeenCalledWith(expect.stringContaining('made by a newer Dagbok'))
})
