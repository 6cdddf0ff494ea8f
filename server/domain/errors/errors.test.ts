import { expect, test } from 'vitest'
import type * as errors from './errors.ts'
import { codeOfStatus, DagbokError, errorCodes, httpStatus } from './errors.ts'

test('an error of another copy of the module is still one of ours', async () => {
  const other = (await import(`${import.meta.dirname}/errors.ts?another`)) as typeof errors
  expect(other.DagbokError).not.toBe(DagbokError)
  expect(new other.DagbokError('not_found', 'There is none.')).toBeInstanceOf(DagbokError)
  for (const value of [new Error('x'), { code: 'not_found' }, null, 'x'])
    expect(value instanceof DagbokError).toBe(false)
})

test('each code has a status of its own', () => {
  for (const code of errorCodes) expect(codeOfStatus(httpStatus[code])).toBe(code)
  expect([codeOfStatus(415), codeOfStatus(502)]).toEqual(['bad_input', 'internal'])
})
