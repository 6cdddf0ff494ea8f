import { is } from 'drizzle-orm'
import { getTableConfig, PgTable } from 'drizzle-orm/pg-core'
import { expect, test } from 'vitest'
import * as schema from './index.ts'

test('every table has a primary key', () => {
  const tables = Object.values(schema).filter((item) => is(item, PgTable))
  expect(tables.length).toBeGreaterThan(15)
  const without = tables
    .map((table) => getTableConfig(table))
    .filter((t) => t.primaryKeys.length === 0 && !t.columns.some((c) => c.primary))
  expect(without.map((t) => t.name)).toEqual([])
})
