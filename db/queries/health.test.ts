import { expect, test } from 'vitest'
import type { Queryable } from '../client.ts'
import { databaseAnswers } from './health.ts'

const asked = (answer: Promise<unknown>) =>
  databaseAnswers({ execute: () => answer } as unknown as Queryable, 20)

test('[R7] a database that never answers is not waited for', async () => {
  expect(await asked(new Promise(() => {}))).toBe(false)
})

test('one that answers does, one that refuses does not', async () => {
  expect(await asked(Promise.resolve({ rows: [] }))).toBe(true)
  expect(await asked(Promise.reject(new Error('refused')))).toBe(false)
})
